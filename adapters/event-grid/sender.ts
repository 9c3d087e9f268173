import { WaybillError, type Outgoing, type Sender, type SendResult } from "../../src/transport/index.js";
import type { Client } from "./client.js";
import { mapError, mapSendError } from "./map-error.js";
import type { Door } from "./publisher.js";

/** Bytes of one request, a JSON array [Event Grid quotas and limits: 1 MB]. */
const maxRequestBytes = 1_048_576;

/** The largest event: alone in its array, with room for what else the service may count. */
export const maxEventBytes = maxRequestBytes - 1_024;

/** One event as it travels, with its place among those that were sent together. */
interface Spelled {
  readonly index: number;
  readonly bytes: Uint8Array;
}

/** Publishes to a topic, as many events in one request as it takes: all of them are stored, or none. */
export class EventSender implements Sender {
  readonly #client: Client<Door>;
  readonly #doing: string;
  readonly #sending = new Set<Promise<unknown>>();
  #closed = false;

  constructor(client: Client<Door>, topic: string) {
    this.#client = client;
    this.#doing = `cannot send to "${topic}"`;
  }

  async send(messages: readonly Outgoing[]): Promise<readonly SendResult[]> {
    if (this.#closed) return messages.map(() => ({ ok: false, error: this.#refusal() }));
    const sending = this.#send(messages);
    this.#sending.add(sending);
    const results = await sending;
    this.#sending.delete(sending);
    return results;
  }

  /** What is being sent gets its answer before. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#sending);
  }

  async #send(messages: readonly Outgoing[]): Promise<readonly SendResult[]> {
    const results = new Array<SendResult>(messages.length);
    let stopped = false;
    for (const [number, batch] of this.#batches(messages, results).entries()) {
      if (stopped) for (const { index } of batch) results[index] = unsent;
      else stopped = !(await this.#submit(batch, batch.length > 1 ? number : undefined, results));
    }
    return results;
  }

  #batches(messages: readonly Outgoing[], results: SendResult[]): readonly (readonly Spelled[])[] {
    const batches: Spelled[][] = [];
    let batch: Spelled[] = [];
    let free = 0;
    for (const [index, { envelope }] of messages.entries()) {
      try {
        const door = this.#client.current;
        const bytes = door.spell(envelope);
        if (bytes.byteLength > maxEventBytes) throw this.#tooLarge(bytes.byteLength);
        if (bytes.byteLength + 1 > free || batch.length >= door.maxEvents) {
          batch = [];
          batches.push(batch);
          free = maxRequestBytes - 1;
        }
        batch.push({ index, bytes });
        free -= bytes.byteLength + 1;
      } catch (error) {
        results[index] = { ok: false, error: mapError(error, this.#doing) };
      }
    }
    return batches;
  }

  /** Answers whether to go on. */
  async #submit(
    batch: readonly Spelled[],
    number: number | undefined,
    results: SendResult[],
  ): Promise<boolean> {
    const events = batch.map(({ bytes }) => bytes);
    try {
      await this.#client.ask(this.#doing, (door, abort) => door.publish(events, abort));
      for (const { index } of batch) results[index] = accepted;
      return true;
    } catch (error) {
      const refused = { ok: false as const, error: mapSendError(error, this.#doing) };
      for (const { index } of batch)
        results[index] = number === undefined ? refused : { ...refused, batch: number };
      return number === undefined;
    }
  }

  #tooLarge(bytes: number): WaybillError {
    return new WaybillError(
      "tooLarge",
      `${this.#doing}: the event has ${bytes} bytes, and Event Grid takes ${maxEventBytes}: ` +
        "send less, or keep the body elsewhere and send where it is",
    );
  }

  #refusal(): WaybillError {
    return new WaybillError("closed", `${this.#doing}: the sender is closed`);
  }
}

const accepted: SendResult = Object.freeze({ ok: true });

const unsent: SendResult = {
  ok: false,
  unsent: true,
  error: new WaybillError("cancelled", "a batch before it was refused"),
};
