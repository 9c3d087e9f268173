import { WaybillError, type Outgoing, type SendResult } from "../../src/transport/index.js";
import { mapError } from "./map-error.js";

/** A message in the service's spelling, with its place among those that were sent together. */
export interface Spelled<M> {
  readonly index: number;
  readonly message: M;
}

/** How a service takes messages. */
export interface BatchDoor<M> {
  /** Spells one message. @throws {WaybillError} */
  readonly spell: (outgoing: Outgoing) => M;
  /** Sorts into physical batches. */
  readonly pack: (messages: readonly Spelled<M>[]) => readonly (readonly Spelled<M>[])[];
  /** Takes one batch, all of it or nothing; may answer one schedule token per message. @throws {BrokerError} */
  readonly submit: (batch: readonly Spelled<M>[]) => readonly (string | undefined)[];
  /** Such as `cannot send to "orders"`. */
  readonly doing: string;
}

/**
 * Sends messages in physical batches. One result per message, in order; never throws.
 *
 * Behind a batch of several that was refused nothing is sent, so that its members can go first.
 */
export function sendBatches<M>(door: BatchDoor<M>, messages: readonly Outgoing[]): readonly SendResult[] {
  const results = new Array<SendResult>(messages.length);
  const spelled: Spelled<M>[] = [];
  messages.forEach((outgoing, index) => {
    try {
      spelled.push({ index, message: door.spell(outgoing) });
    } catch (error) {
      results[index] = { ok: false, error: mapError(error, door.doing) };
    }
  });
  // One message needs no measuring.
  const packed = spelled.length === 1 ? [spelled] : door.pack(spelled);
  let stopped = false;
  for (const [number, batch] of packed.entries()) {
    if (stopped) for (const { index } of batch) results[index] = unsent;
    else stopped = !submit(door, batch, batch.length > 1 ? number : undefined, results);
  }
  return results;
}

const unsent: SendResult = {
  ok: false,
  unsent: true,
  error: new WaybillError("cancelled", "a batch before it was refused"),
};

/** Answers whether to go on. */
function submit<M>(
  door: BatchDoor<M>,
  batch: readonly Spelled<M>[],
  number: number | undefined,
  results: SendResult[],
): boolean {
  try {
    const tokens = door.submit(batch);
    batch.forEach(({ index }, at) => {
      const scheduleToken = tokens[at];
      results[index] = scheduleToken === undefined ? accepted : { ok: true, scheduleToken };
    });
    return true;
  } catch (error) {
    const refused = { ok: false as const, error: mapError(error, door.doing) };
    for (const { index } of batch) {
      results[index] = number === undefined ? refused : { ...refused, batch: number };
    }
    return number === undefined;
  }
}

const accepted: SendResult = Object.freeze({ ok: true });

/** What becomes of messages that are given to a closed sender. */
export function refuseClosed(messages: readonly Outgoing[], doing: string): readonly SendResult[] {
  const error = new WaybillError("closed", `${doing}: the sender is closed`);
  return messages.map(() => ({ ok: false, error }));
}
