import { createHash } from "node:crypto";
import type { Cards } from "../services/cards.js";

/** A stand-in for a payment provider, and the books that only its owner sees. */
export interface CardProvider extends Cards {
  /** Every charge that was really made. */
  readonly charges: readonly Charge[];
  /** Calls that came with the key of an earlier charge, and charged nothing. */
  readonly repeatsRecognised: number;
}

export interface Charge {
  readonly orderId: string;
  readonly pence: number;
}

/**
 * Opens a provider that honours idempotency keys, as real ones do, and fails one call in five: half of these before it
 * charged, half after. Which ones depends on order and number of the call alone, so every run sees the same failures.
 */
export function openCardProvider(): CardProvider {
  const charges: Charge[] = [];
  const keys = new Set<string>();
  const calls = new Map<string, number>();
  let repeatsRecognised = 0;
  return {
    charges,
    get repeatsRecognised() {
      return repeatsRecognised;
    },
    charge: async ({ orderId, pence }, { idempotencyKey }) => {
      const call = (calls.get(orderId) ?? 0) + 1;
      calls.set(orderId, call);
      const fate = fateOf(orderId, call);
      if (fate === "refused") throw new Error(`the card provider is busy (order ${orderId}, call ${call})`);
      if (keys.has(idempotencyKey)) repeatsRecognised += 1;
      else charges.push({ orderId, pence });
      keys.add(idempotencyKey);
      if (fate === "answer lost") {
        throw new Error(
          `the connection broke off after the card was charged (order ${orderId}, call ${call})`,
        );
      }
    },
  };
}

function fateOf(orderId: string, call: number): "charged" | "refused" | "answer lost" {
  const draw = createHash("sha256").update(`${orderId} ${call}`).digest().readUInt32BE() % 10;
  if (draw === 0) return "refused";
  return draw === 1 ? "answer lost" : "charged";
}
