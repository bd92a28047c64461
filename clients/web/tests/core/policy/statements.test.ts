/** What is signed outside of MLS messages. */
import { describe, expect, test } from "vitest"
import { decodeHex, encodeHex, encodeUtf8 } from "../../../src/core/bytes"
import { SUITE_1 } from "../../../src/core/mls/suites"
import * as statements from "../../../src/core/policy/statements"
import {
  ACCEPTANCE, CONFIRMATION, DELEGATION, DEVICE_REVOCATION, EPOCH_RECEIPT, RESIGNATION, REVOCATION, UnverifiedStatement, authenticatorHash, digestOf,
  signStatement, unsignedStatement, type DeviceRevocation, type EpochReceipt, type Statement,
} from "../../../src/core/policy/statements"
import { expectRefusal, goldenText } from "../golden"
import { JEAN, NOTHING, aDelegation, flipped } from "./people"

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i)
const PUBLIC = SUITE_1.signature.publicKey(KEY)
const sixteen = (letter: string): Uint8Array => encodeUtf8(letter.repeat(16))

const RECEIPT: EpochReceipt = {
  deployment: "test.example", conversation: sixteen("c"), groupId: Uint8Array.of(...sixteen("c"), 2), epoch: 7,
  confirmedTranscriptHash: encodeUtf8("t".repeat(32)), authenticatorHash: authenticatorHash(encodeUtf8("the authenticator of an epoch")), device: sixteen("d"),
}
const GIVEN_UP: DeviceRevocation = {
  deployment: "test.example", conversation: NOTHING, person: sixteen("p"), device: sixteen("d"), atUs: 1_790_000_000_000_000,
}

const KINDS = new Map(Object.values(statements)
  .filter((one): one is Statement<object> => typeof one === "object" && "label" in one)
  .map((kind) => [kind.label.replace("Colloque 1 ", ""), kind]))
const GOLDEN = JSON.parse(goldenText("policy/statements.json")) as Record<string, string>
