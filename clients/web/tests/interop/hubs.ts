/** What a hub holds of groups, by name. */
import { encodeHex } from "../../src/core/bytes"
import { PublicGroup } from "../../src/core/mls/publicGroup"
import { bytes, bytesOrNull, number, text } from "../core/mls/vectors/expect"
import { bytesIn, found, proposalOf, surroundings, toldCommit, type Action, type Answer, type Request } from "./requests"

const hubs = new Map<string, PublicGroup>()

function put(request: Request, hub: PublicGroup): Answer {
  hubs.set(text(request["of"]), hub)
  return {}
}

function hubOf(request: Request): PublicGroup {
  return found(hubs, request["of"])
}

function propose(request: Request): Answer {
  const { authenticatedData } = surroundings(request)
  const message = hubOf(request).externalProposal(proposalOf(request["proposal"]), {
    senderIndex: number(request["sender_index"]), signaturePrivateKey: bytes(request["key"]), authenticatedData,
  })
  return { message: encodeHex(message) }
}

function receive(request: Request): Answer {
  const { reference, next } = hubOf(request).receiveProposal(bytes(request["message"]), number(request["now"]))
  put(request, next)
  return { reference: encodeHex(reference) }
}

function check(request: Request): Answer {
  const checked = hubOf(request).checkCommit(bytes(request["message"]), {
    groupInfo: bytes(request["group_info"]), welcome: bytesOrNull(request["welcome"]), pending: bytesIn(request["pending"]), now: number(request["now"]),
  })
  put(request, checked.next)
  return { told: toldCommit(checked, checked.committer.leafIndex, checked.kind) }
}

export const HUB_ACTIONS: Readonly<Record<string, Action>> = {
  hub_found: (request) => put(request, PublicGroup.found(bytes(request["group_info"]))),
  hub_propose: propose, hub_receive: receive, hub_check: check,
  hub_state: (request) => ({ state: encodeHex(hubOf(request).serialize()) }),
  hub_load: (request) => put(request, PublicGroup.deserialize(bytes(request["state"]))),
}
