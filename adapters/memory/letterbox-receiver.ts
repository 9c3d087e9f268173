import {
  WaybillError,
  type DeadLetterDelivery,
  type DeadLetterReceiver,
  type SettleRequest,
} from "../../src/transport/index.js";
import type { Letterbox } from "./letterbox.js";

/** Reads what a consumer group parked, or a listener gave up. What is taken stays taken until it is settled or this is closed. */
export function letterboxReceiver(box: Letterbox, address: string): DeadLetterReceiver {
  const taken = new Set<string>();
  return {
    peek: (max) => box.peek(max),
    take: (sequenceNumbers) => {
      const letters: DeadLetterDelivery[] = [];
      for (const number of sequenceNumbers) {
        const letter = box.take(number);
        if (letter === undefined) continue;
        taken.add(number);
        letters.push(letter);
      }
      return letters;
    },
    settle: (requests) =>
      requests.map(({ delivery, action }) => {
        const number = delivery.broker.sequenceNumber ?? "";
        if (!taken.delete(number)) return notTaken(address, number);
        if (action.kind === "complete") box.remove(number);
        else box.putBack(number);
        return refusal(address, action.kind);
      }),
    close: () => {
      for (const number of taken) box.putBack(number);
      taken.clear();
    },
  };
}

function notTaken(address: string, number: string): WaybillError {
  return new WaybillError("lockLost", `dead letter ${number} of "${address}" is not taken by this receiver`);
}

/** A dead letter can be removed or put back, nothing else. */
export function refusal(address: string, kind: SettleRequest["action"]["kind"]): WaybillError | undefined {
  if (kind === "complete" || kind === "release" || kind === "abandon") return undefined;
  return new WaybillError(
    "unsupported",
    `a dead letter of "${address}" can be completed or released, not ${kind}: it was released`,
  );
}
