/** crypto-basics, deserialization, tree-math, psk_secret. */
import { Reader, vectorHeader } from "../../../../src/core/mls/encoding"
import { deriveSecret, deriveTreeSecret, expandWithLabel } from "../../../../src/core/mls/hkdf"
import { decryptWithLabel, encryptWithLabel, refHash, signWithLabel, verifyWithLabel } from "../../../../src/core/mls/labels"
import { pskSecret, type PreSharedKeyId } from "../../../../src/core/mls/psk"
import { suiteOf, type CipherSuite } from "../../../../src/core/mls/suites"
import { left, nodeCount, parent, right, root, sibling } from "../../../../src/core/mls/treeMath"
import { encodeHex } from "../../../../src/core/bytes"
import { bytes, list, number, record, same, sameValue, text, type Case } from "./expect"
import { randomBytes } from "./random"

export function cryptoBasics(one: Case): void {
  const suite = suiteOf(number(one["cipher_suite"]))
  const ref = record(one["ref_hash"])
  same("RefHash", refHash(suite, text(ref["label"]), bytes(ref["value"])), ref["out"])
  const expanded = record(one["expand_with_label"])
  same("ExpandWithLabel", expandWithLabel(
    suite, bytes(expanded["secret"]), text(expanded["label"]), bytes(expanded["context"]), number(expanded["length"])), expanded["out"])
  const derived = record(one["derive_secret"])
  same("DeriveSecret", deriveSecret(suite, bytes(derived["secret"]), text(derived["label"])), derived["out"])
  const tree = record(one["derive_tree_secret"])
  same("DeriveTreeSecret", deriveTreeSecret(
    suite, bytes(tree["secret"]), text(tree["label"]), number(tree["generation"]), number(tree["length"])), tree["out"])
  signing(suite, record(one["sign_with_label"]))
  encrypting(suite, record(one["encrypt_with_label"]))
}

function signing(suite: CipherSuite, one: Case): void {
  const [content, label, publicKey] = [bytes(one["content"]), text(one["label"]), bytes(one["pub"])]
  verifyWithLabel(suite, publicKey, label, content, bytes(one["signature"]))
  verifyWithLabel(suite, publicKey, label, content, signWithLabel(suite, bytes(one["priv"]), label, content))
}

function encrypting(suite: CipherSuite, one: Case): void {
  const [privateKey, label, context] = [bytes(one["priv"]), text(one["label"]), bytes(one["context"])]
  const theirs = { kemOutput: bytes(one["kem_output"]), ciphertext: bytes(one["ciphertext"]) }
  same("DecryptWithLabel", decryptWithLabel(suite, privateKey, label, context, theirs), one["plaintext"])
  const ours = encryptWithLabel(suite, bytes(one["pub"]), label, context, bytes(one["plaintext"]), randomBytes)
  same("EncryptWithLabel", decryptWithLabel(suite, privateKey, label, context, ours), one["plaintext"])
}

export function deserialization(one: Case): void {
  const reader = new Reader(bytes(one["vlbytes_header"]))
  sameValue("length", reader.vectorLength(), one["length"])
  reader.finish()
  sameValue("header", encodeHex(vectorHeader(number(one["length"]))), one["vlbytes_header"])
}

export function treeMath(one: Case): void {
  const leaves = number(one["n_leaves"])
  sameValue("nodes", nodeCount(leaves), one["n_nodes"])
  sameValue("root", root(leaves), one["root"])
  const nodes = Array.from({ length: nodeCount(leaves) }, (_, node) => node)
  sameValue("left", nodes.map(left), one["left"])
  sameValue("right", nodes.map(right), one["right"])
  sameValue("parent", nodes.map((node) => parent(node, leaves)), one["parent"])
  sameValue("sibling", nodes.map((node) => sibling(node, leaves)), one["sibling"])
}

export function pskSecrets(one: Case): void {
  const psks = list(one["psks"]).map(record)
  const ids = psks.map((psk): PreSharedKeyId => ({ psk: { kind: "external", pskId: bytes(psk["psk_id"]) }, nonce: bytes(psk["psk_nonce"]) }))
  const lookup = (psk: PreSharedKeyId["psk"]): Uint8Array | null => {
    const found = psks.find((candidate) => psk.kind === "external" && candidate["psk_id"] === encodeHex(psk.pskId))
    return found === undefined ? null : bytes(found["psk"])
  }
  same("psk_secret", pskSecret(suiteOf(number(one["cipher_suite"])), ids, lookup), one["psk_secret"])
}
