/** Members of groups, by name. */
import { encodeHex, equal } from "../../src/core/bytes"
import { decode } from "../../src/core/mls/codec"
import type { Committed } from "../../src/core/mls/committing"
import { encodeMessage } from "../../src/core/mls/framing"
import { Group } from "../../src/core/mls/group"
import { GROUP_CONTEXT } from "../../src/core/mls/groupContext"
import { generateKeyPackage, type KeyPackageBundle, type OwnLeaf } from "../../src/core/mls/keyPackage"
import { LEAF_NODE } from "../../src/core/mls/leafNode"
import { PRE_SHARED_KEY_ID, type PskLookup } from "../../src/core/mls/psk"
import { deserializeBundle, serializeBundle } from "../../src/core/mls/serializing"
import { suiteOf, type CipherSuite } from "../../src/core/mls/suites"
import { bytes, bytesOrNull, list, number, record, text } from "../core/mls/vectors/expect"
import {
  bytesIn, extensionsOf, found, proposalOf, random, sent, surroundings, toldReceived, wireOf, type Action, type Answer, type Request,
} from "./requests"

const LAST_INSTANT = 2n ** 64n - 1n

interface Client {
  readonly suite: CipherSuite
  readonly own: OwnLeaf
}

const clients = new Map<string, Client>()
const bundles = new Map<string, KeyPackageBundle>()
const groups = new Map<string, Group>()
/** Commits that wait to be ordered. */
const pending = new Map<string, Group>()

function groupOf(request: Request): Group {
  return found(groups, request["of"])
}

function put(request: Request, group: Group): Answer {
  groups.set(text(request["of"]), group)
  return {}
}

function waiting(request: Request, committed: Committed<Group>): Answer {
  pending.set(text(request["of"]), committed.next)
  return sent(committed)
}

/** External keys and those of other groups: [type, id or group, epoch, key]. */
function psksOf(request: Request): PskLookup {
  const psks = list(request["psks"]).map(record)
  return (psk) => {
    const one = psks.find((candidate) => psk.kind === "external"
      ? candidate["epoch"] === null && equal(bytes(candidate["id"]), psk.pskId)
      : candidate["epoch"] === Number(psk.epoch) && equal(bytes(candidate["id"]), psk.groupId))
    return one === undefined ? null : bytes(one["secret"])
  }
}

function newClient(request: Request): Answer {
  const suite = suiteOf(number(request["suite"]))
  // What the leaf is to say, in the leaf of somebody else.
  const { credential, capabilities, extensions } = decode(LEAF_NODE, bytes(request["like"]))
  const { privateKey: signaturePrivateKey } = suite.signature.generate(random)
  const lifetime = { notBefore: 0n, notAfter: LAST_INSTANT }
  clients.set(text(request["of"]), { suite, own: { signaturePrivateKey, credential, capabilities, extensions, lifetime } })
  return {}
}

function keyPackage(request: Request): Answer {
  const { suite, own } = found(clients, request["of"])
  const bundle = generateKeyPackage(suite, own, extensionsOf(request["extensions"]), random)
  bundles.set(text(request["of"]), bundle)
  return { message: encodeHex(encodeMessage({ kind: "key_package", keyPackage: bundle.keyPackage })) }
}

function create(request: Request): Answer {
  const { suite, own } = found(clients, request["of"])
  return put(request, Group.create(suite, bytes(request["group_id"]), own, extensionsOf(request["extensions"]), random))
}

function join(request: Request): Answer {
  const bundle = found(bundles, request["of"])
  const state = bytesOrNull(request["former"])
  return put(request, Group.join(bytes(request["welcome"]), bundle, {
    former: state === null ? null : Group.deserialize(state), ratchetTree: bytesOrNull(request["ratchet_tree"]), psks: psksOf(request),
  }))
}

function joinExternal(request: Request): Answer {
  const { own } = found(clients, request["of"])
  const prior = request["remove_prior"]
  return waiting(request, Group.joinExternal(bytes(request["group_info"]), own, {
    ...surroundings(request), random, removePrior: prior === null ? null : number(prior), psks: psksOf(request),
    pskIds: bytesIn(request["psk_ids"]).map((id) => decode(PRE_SHARED_KEY_ID, id)),
  }))
}

function propose(request: Request): Answer {
  const options = { ...surroundings(request), random, wire: wireOf(request["wire"]) }
  const group = groupOf(request)
  const { message, reference, next } = request["proposal"] === null
    ? group.proposeUpdate({}, options) : group.propose(proposalOf(request["proposal"]), options)
  put(request, next)
  return { message: encodeHex(message), reference: encodeHex(reference) }
}

function commit(request: Request): Answer {
  const { suite } = found(clients, request["of"])
  return waiting(request, groupOf(request).commit({
    ...surroundings(request), random, wire: wireOf(request["wire"]), proposals: list(request["proposals"]).map(proposalOf),
    forcePath: request["force_path"] === true, psks: psksOf(request),
    leaf: request["new_key"] === true ? { signaturePrivateKey: suite.signature.generate(random).privateKey } : null,
  }))
}

function merge(request: Request): Answer {
  return put(request, found(pending, request["of"]))
}

function encrypt(request: Request): Answer {
  const { authenticatedData } = surroundings(request)
  const message = groupOf(request).encrypt(bytes(request["data"]), { authenticatedData, padding: number(request["padding"]), random })
  return { message: encodeHex(message) }
}

function receive(request: Request): Answer {
  const received = groupOf(request).receive(bytes(request["message"]), { now: number(request["now"]), psks: psksOf(request) })
  if (received.kind === "application") return { told: toldReceived(received), stays: true }
  if (received.next !== null) put(request, received.next)
  return { told: toldReceived(received), stays: received.next !== null }
}

function facts(request: Request): Answer {
  const group = groupOf(request)
  const { label, context, length } = request
  return {
    context: encodeHex(GROUP_CONTEXT.encode(group.context)), own_leaf: group.ownLeafIndex,
    members: group.members.map(({ leafIndex, leafNode }) => [leafIndex, encodeHex(leafNode.credential.content)]),
    epoch_authenticator: encodeHex(group.epochAuthenticator), resumption_psk: encodeHex(group.resumptionPsk),
    exported: encodeHex(group.export(text(label), bytes(context), number(length))),
  }
}

export const MEMBER_ACTIONS: Readonly<Record<string, Action>> = {
  client: newClient, key_package: keyPackage, create, join, join_external: joinExternal, propose, commit, merge, encrypt, receive, facts,
  group_info: (request) => ({ message: encodeHex(groupOf(request).groupInfo()) }),
  state: (request) => ({ state: encodeHex(groupOf(request).serialize()) }),
  load: (request) => put(request, Group.deserialize(bytes(request["state"]))),
  bundle: (request) => ({ state: encodeHex(serializeBundle(found(bundles, request["of"]))) }),
  load_bundle: (request) => {
    bundles.set(text(request["of"]), deserializeBundle(bytes(request["state"])))
    return {}
  },
}
