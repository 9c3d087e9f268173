import {
  toStructuredJson,
  WaybillError,
  type Outgoing,
  type Runtime,
  type Sender,
  type SendResult,
} from "../../src/transport/index.js";
import { mapError, mapSendError } from "./map-error.js";
import { maxSendBytes, textOf } from "./message-text.js";
import type { Queue } from "./queue.js";
import { expiredKeptSeconds } from "./retire.js";

/** Requests that are under way at a time, for different keys: the service has no batches. */
const concurrentRequests = 16;

/** The longest that a message can be invisible, or a delay last [Put Message]. */
export const maxInvisibleMs = 7 * 24 * 3_600_000;

/** Sends to a queue, each message in a request of its own. */
export class MessageSender implements Sender {
  readonly #queue: Queue;
  readonly #runtime: Runtime;
  readonly #doing: string;
  #closed = false;

  constructor(queue: Queue, runtime: Runtime) {
    this.#queue = queue;
    this.#runtime = runtime;
    this.#doing = `cannot send to "${queue.name}"`;
  }

  async send(messages: readonly Outgoing[]): Promise<readonly SendResult[]> {
    const results: SendResult[] = [];
    const lanes = lanesOf(messages);
    const work = async (): Promise<void> => {
      for (let lane = lanes.pop(); lane !== undefined; lane = lanes.pop())
        for (const at of lane) results[at] = await this.#send(messages[at]!);
    };
    await Promise.all(Array.from({ length: Math.min(concurrentRequests, lanes.length) }, work));
    return results;
  }

  /** A message that is due and that nobody has received counts as scheduled still: it can be taken back. */
  cancel(scheduleTokens: readonly string[]): Promise<readonly boolean[]> {
    return Promise.all(scheduleTokens.map((token) => this.#cancel(token)));
  }

  close(): void {
    this.#closed = true;
  }

  async #send({ envelope, dueMs }: Outgoing): Promise<SendResult> {
    try {
      if (this.#closed) throw new WaybillError("closed", `${this.#doing}: the sender is closed`);
      const bytes = toStructuredJson(envelope);
      if (bytes.byteLength > maxSendBytes) throw this.#tooLarge(bytes.byteLength);
      const delayMs = dueMs === undefined ? 0 : Math.max(0, dueMs - this.#runtime.now());
      const visibilityTimeout = this.#seconds(delayMs);
      const options = { visibilityTimeout, messageTimeToLive: timeToLive(envelope.ttlMs, visibilityTimeout) };
      const { messageId, popReceipt } = await this.#queue.ask(this.#doing, (queue) =>
        queue.sendMessage(textOf(bytes), options),
      );
      return dueMs === undefined ? accepted : { ok: true, scheduleToken: `${messageId} ${popReceipt}` };
    } catch (error) {
      return { ok: false, error: mapSendError(error, this.#doing) };
    }
  }

  async #cancel(token: string): Promise<boolean> {
    const doing = `cannot cancel a message of "${this.#queue.name}"`;
    const [messageId = "", popReceipt = ""] = token.split(" ");
    try {
      await this.#queue.ask(doing, (queue) => queue.deleteMessage(messageId, popReceipt));
      return true;
    } catch (error) {
      const mapped = mapError(error, doing);
      if (mapped.code === "lockLost") return false;
      throw mapped;
    }
  }

  #seconds(delayMs: number): number {
    if (delayMs <= maxInvisibleMs) return Math.ceil(delayMs / 1_000);
    throw new WaybillError(
      "invalidMessage",
      `${this.#doing}: it is due in ${Math.ceil(delayMs / 1_000)} s, and Storage Queues delay at most seven days: send it later`,
    );
  }

  #tooLarge(bytes: number): WaybillError {
    return new WaybillError(
      "tooLarge",
      `${this.#doing}: the message has ${bytes} bytes, and a storage queue takes ${maxSendBytes}: ` +
        "send less, or keep the body elsewhere and send where it is",
    );
  }
}

const accepted: SendResult = Object.freeze({ ok: true });

/** Where the messages of each key are, in order; without a key each for itself. The first lane is the last. */
function lanesOf(messages: readonly Outgoing[]): number[][] {
  const lanes: number[][] = [];
  const laneOf = new Map<string, number[]>();
  for (const [at, { envelope }] of messages.entries()) {
    const { key } = envelope;
    const lane = key === undefined ? undefined : laneOf.get(key);
    if (lane !== undefined) {
      lane.push(at);
      continue;
    }
    const begun = [at];
    lanes.push(begun);
    if (key !== undefined) laneOf.set(key, begun);
  }
  return lanes.reverse();
}

/** In seconds from the sending; -1 is for ever. It is kept for longer than it lives, to become a dead letter. */
const timeToLive = (ttlMs: number | undefined, delaySeconds: number): number =>
  ttlMs === undefined ? -1 : delaySeconds + Math.ceil(ttlMs / 1_000) + expiredKeptSeconds;
