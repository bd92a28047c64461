import { describe, expect, test } from "vitest"
import { WRITTEN, next, type OutboxInput, type OutboxState } from "../../src/core/outbox"

const SEALED: OutboxState = { kind: "sealed", notBefore: 0, epoch: 3 }
const FAILED: OutboxState = { kind: "failed", trouble: { code: "E_ROLE", text: "Non." } }

function refused(code: string, retry: string, more: { epoch?: number; retryAfter?: number } = {}): OutboxInput {
  return { kind: "refused", code, text: "Non.", retry, epoch: more.epoch ?? null, retryAfter: more.retryAfter ?? null, at: 1_000 }
}

describe("a message in the outbox", () => {
  test.each<[string, OutboxState, OutboxInput, OutboxState]>([
    ["is sealed when encrypted", WRITTEN, { kind: "encrypted", epoch: 3 }, SEALED],
    ["is done when accepted", SEALED, { kind: "accepted" }, { kind: "done" }],
    ["is encrypted again in the epoch that the hub tells", SEALED, refused("E_EPOCH", "changed", { epoch: 4 }), { kind: "waiting", epoch: 4 }],
    ["waits as long as the hub says", SEALED, refused("E_RATE", "later", { retryAfter: 250 }), { ...SEALED, notBefore: 1_250 }],
    ["waits an hour at most, whatever the hub says", SEALED, refused("E_RATE", "later", { retryAfter: 1e12 }), { ...SEALED, notBefore: 3_601_000 }],
    ["does not ask again at once, whatever the hub says", SEALED, refused("E_RATE", "later", { retryAfter: 0 }), { ...SEALED, notBefore: 1_050 }],
    ["fails on an epoch that is not past the one tried", SEALED, refused("E_EPOCH", "changed", { epoch: 3 }), { kind: "failed", trouble: { code: "C_SERVER", text: "" } }],
    ["fails on an epoch that is not told", SEALED, refused("E_EPOCH", "changed"), { kind: "failed", trouble: { code: "C_SERVER", text: "" } }],
    ["waits a second when the hub does not say", SEALED, refused("E_BUSY", "later"), { ...SEALED, notBefore: 2_000 }],
    ["waits after a fault of the server", SEALED, refused("E_INTERNAL", "later"), { ...SEALED, notBefore: 2_000 }],
    ["is encrypted anew in the next epoch while a removal is pending", SEALED, refused("E_REMOVE_PENDING", "changed"), { kind: "waiting", epoch: 4 }],
    ["begins at epoch 0 in a successor group", { kind: "waiting", epoch: 9 }, { kind: "regrouped" }, WRITTEN],
    ["goes out once more as it is in a successor group, for the hub may have it", SEALED, { kind: "regrouped" }, { ...SEALED, epoch: -1 }],
    ["is encrypted for the successor group where the hub has it not", { ...SEALED, epoch: -1 }, refused("E_EPOCH", "changed", { epoch: 0 }), { kind: "waiting", epoch: 0 }],
    ["waits for an epoch that exists where a successor group is removing somebody", { ...SEALED, epoch: -1 }, refused("E_REMOVE_PENDING", "changed"), { kind: "waiting", epoch: 1 }],
    ["stays failed in a successor group", FAILED, { kind: "regrouped" }, FAILED],
    ["fails on a final no", SEALED, refused("E_ROLE", "never"), FAILED],
    ["leaves again when the person says so", FAILED, { kind: "again" }, WRITTEN],
    ["is not sent again once done", { kind: "done" }, { kind: "again" }, { kind: "done" }],
    ["stays done whatever a late refusal says", { kind: "done" }, refused("E_ROLE", "never"), { kind: "done" }],
    ["is not accepted before it was sealed", WRITTEN, { kind: "accepted" }, WRITTEN],
  ])("%s", (_, before, input, after) => {
    expect(next(before, input)).toEqual(after)
  })
})
