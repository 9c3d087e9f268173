import type { DeadLetterRecord, Delivery, SettleAction } from "../../src/transport/index.js";
import type { Outcome } from "./commands.js";

const when = "2026-01-01T00:00:00.000Z";

/** What a sequence's outcome is to a receiver of `from`. */
export function settleAction(
  from: string,
  { deliveryCount, envelope }: Delivery,
  outcome: Outcome,
): SettleAction {
  if (outcome === "abandon" || outcome === "release") {
    return { kind: outcome, history: { attempts: deliveryCount, firstFailedAt: when } };
  }
  if (outcome !== "deadLetter") return { kind: outcome };
  const record: DeadLetterRecord = {
    reason: "Permanent",
    description: `given up: ${envelope.id} \u00e9`,
    errorName: "Error",
    attempts: deliveryCount,
    deliveryCount,
    consumer: "differential",
    from,
    at: when,
  };
  return { kind: "deadLetter", record };
}
