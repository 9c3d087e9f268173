import type { TakenParked } from "../../src/store/index.js";
import {
  WaybillError,
  type DeadLetterDelivery,
  type DeadLetterReceiver,
  type Deadline,
  type SettleRequest,
} from "../../src/transport/index.js";
import { askStore } from "./ask-store.js";
import { mapError } from "./map-error.js";
import type { ListenerPark } from "./park.js";

/** Reads what a listener gave up. What is taken stays taken until it is settled or this is closed, at most a minute. */
export function deadLetterReceiver(park: ListenerPark, from: string, deadline: Deadline): DeadLetterReceiver {
  const { store, box } = park;
  const taken = new Map<string, TakenParked>();
  const attempt = <T>(doing: string, operation: () => T | Promise<T>): Promise<T> =>
    askStore(deadline, doing, operation);
  const settleOne = async ({ delivery, action }: SettleRequest): Promise<WaybillError | undefined> => {
    const id = delivery.broker.sequenceNumber ?? "";
    const doing = `cannot ${action.kind} dead letter ${id} of "${from}"`;
    const held = taken.get(id);
    if (held === undefined) return new WaybillError("lockLost", `${doing}: it is not taken by this receiver`);
    taken.delete(id);
    try {
      if (action.kind === "complete") {
        const removed = await attempt(doing, () => store.remove(box, held));
        return removed ? undefined : new WaybillError("lockLost", `${doing}: it was taken for too long`);
      }
      await attempt(doing, () => store.release(box, held));
      return action.kind === "release" || action.kind === "abandon" ? undefined : wrongAction(doing);
    } catch (error) {
      return mapError(error, doing);
    }
  };
  return {
    async peek(max) {
      const seen = await attempt(`cannot look at what "${from}" parked`, () => store.list(box, max));
      return seen.map((parked) => park.read(parked));
    },
    async take(sequenceNumbers) {
      const letters: DeadLetterDelivery[] = [];
      for (const id of sequenceNumbers) {
        const held = await attempt(`cannot take what "${from}" parked`, () => store.take(box, id));
        if (held === undefined) continue;
        taken.set(id, held);
        letters.push(park.read(held));
      }
      return letters;
    },
    settle: (requests) => Promise.all(requests.map(settleOne)),
    async close() {
      const left = [...taken.values()];
      taken.clear();
      await Promise.all(
        left.map((held) =>
          attempt("cannot give back", () => store.release(box, held)).catch(() => undefined),
        ),
      );
    },
  };
}

const wrongAction = (doing: string): WaybillError =>
  new WaybillError("unsupported", `${doing}: complete it, or release it to put it back; it was released`);
