import type { ServiceBusMessage, ServiceBusMessageBatch, ServiceBusSender } from "@azure/service-bus";
import {
  toAmqp,
  WaybillError,
  type Outgoing,
  type Sender,
  type SendResult,
  within,
  withinAborting,
  type Deadline,
  type EndSignal,
} from "../../src/transport/index.js";
import { clientOptions } from "./client-options.js";
import type { ClientLease } from "./clients.js";
import { closed } from "./closing.js";
import { toLong } from "./long.js";
import { mapError, mapSendError } from "./map-error.js";

/** One message in the service's spelling, with its place among those that were sent together. */
interface Spelled {
  readonly index: number;
  readonly message: ServiceBusMessage;
  readonly dueMs: number | undefined;
}

/** Sends to a queue or a topic. */
export class MessageSender implements Sender {
  readonly #lease: ClientLease;
  readonly #sender: ServiceBusSender;
  readonly #deadline: Deadline;
  readonly #doing: string;
  readonly #sending = new Set<Promise<unknown>>();
  #closed = false;

  constructor(lease: ClientLease, address: string, deadline: Deadline) {
    this.#lease = lease;
    this.#sender = lease.client.createSender(address);
    this.#deadline = { ...deadline, operationMs: Math.min(deadline.operationMs, longestSendMs) };
    this.#doing = `cannot send to "${address}"`;
  }

  async send(messages: readonly Outgoing[]): Promise<readonly SendResult[]> {
    if (this.#closed) return messages.map(() => ({ ok: false, error: this.#refusal() }));
    const sending = this.#send(messages);
    this.#sending.add(sending);
    const results = await sending;
    this.#sending.delete(sending);
    return results;
  }

  async #send(messages: readonly Outgoing[]): Promise<readonly SendResult[]> {
    const results = new Array<SendResult>(messages.length);
    const spelled = this.#spell(messages, results);
    let stopped = false;
    for (const [number, pack] of (await this.#pack(spelled, results)).entries()) {
      if (stopped) for (const { index } of pack.members) results[index] = unsent;
      else stopped = !(await this.#submit(pack, pack.members.length > 1 ? number : undefined, results));
    }
    return results;
  }

  async cancel(scheduleTokens: readonly string[]): Promise<readonly boolean[]> {
    const answers: boolean[] = [];
    const doing = this.#doing.replace("send", "cancel a scheduled message");
    for (const token of scheduleTokens) {
      try {
        await within(this.#deadline, doing, () => this.#sender.cancelScheduledMessages(toLong(token)));
        answers.push(true);
      } catch (error) {
        const mapped = mapError(error, doing);
        if (mapped.code !== "notFound") throw mapped;
        answers.push(false);
      }
    }
    return answers;
  }

  /** What is being sent gets its answer before. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all(this.#sending);
    await closed(this.#deadline, "close a sender", () => this.#sender.close());
    await this.#lease.release();
  }

  #spell(messages: readonly Outgoing[], results: SendResult[]): readonly Spelled[] {
    const spelled: Spelled[] = [];
    messages.forEach(({ envelope, dueMs }, index) => {
      try {
        spelled.push({ index, dueMs, message: spell(envelope) });
      } catch (error) {
        results[index] = { ok: false, error: mapError(error, this.#doing) };
      }
    });
    return spelled;
  }

  /** Into the service's own batches, as only the SDK knows the encoded size; scheduled ones by their time. */
  async #pack(spelled: readonly Spelled[], results: SendResult[]): Promise<readonly Pack[]> {
    const [only] = spelled;
    if (spelled.length === 1 && only !== undefined) return [this.#alone(only)];
    const packs: Pack[] = [];
    const now = spelled.filter(({ dueMs }) => dueMs === undefined);
    for (const { members, batch } of await this.#batches(now, results)) {
      const [first] = members;
      if (batch !== undefined)
        packs.push({ members, submit: (abortSignal) => this.#sender.sendMessages(batch, { abortSignal }) });
      else if (first !== undefined) packs.push(this.#alone(first));
    }
    for (const [dueMs, due] of byDueTime(spelled)) {
      for (const { members } of await this.#batches(due, results))
        packs.push(this.#scheduled(members, dueMs));
    }
    return packs;
  }

  #alone(only: Spelled): Pack {
    const { message, dueMs } = only;
    if (dueMs !== undefined) return this.#scheduled([only], dueMs);
    return { members: [only], submit: (abortSignal) => this.#sender.sendMessages(message, { abortSignal }) };
  }

  #scheduled(members: readonly Spelled[], dueMs: number): Pack {
    const messages = members.map(({ message }) => message);
    return {
      members,
      submit: (abortSignal) => this.#sender.scheduleMessages(messages, new Date(dueMs), { abortSignal }),
    };
  }

  async #batches(spelled: readonly Spelled[], results: SendResult[]): Promise<readonly Batch[]> {
    const batches: Batch[] = [];
    let next = 0;
    try {
      while (next < spelled.length) {
        const batch = await withinAborting(this.#deadline, this.#doing, (abortSignal) =>
          this.#sender.createMessageBatch({ abortSignal }),
        );
        const from = next;
        while (next < spelled.length && next - from < maxBatchMessages && add(batch, spelled[next]))
          next += 1;
        // Too large even alone: the service is to say so, of this message only.
        if (next === from) next += 1;
        batches.push({ members: spelled.slice(from, next), batch: batch.count === 0 ? undefined : batch });
      }
    } catch (error) {
      // No batch could be made: nothing of what is not packed was sent.
      const refused: SendResult = { ok: false, error: mapError(error, this.#doing) };
      for (const { index } of spelled.slice(next)) results[index] = refused;
    }
    return batches;
  }

  /** Answers whether to go on. */
  async #submit(
    { members, submit }: Pack,
    batch: number | undefined,
    results: SendResult[],
  ): Promise<boolean> {
    try {
      const tokens = await withinAborting(this.#deadline, this.#doing, submit);
      members.forEach(({ index }, at) => {
        const token = tokens?.[at];
        results[index] = token === undefined ? accepted : { ok: true, scheduleToken: token.toString() };
      });
      return true;
    } catch (error) {
      const refused = { ok: false as const, error: mapSendError(error, this.#doing) };
      for (const { index } of members) results[index] = batch === undefined ? refused : { ...refused, batch };
      return batch === undefined;
    }
  }

  #refusal(): WaybillError {
    return new WaybillError("closed", `${this.#doing}: the sender is closed`);
  }
}

/** Messages that fit into one request; without a batch one that fits into none. */
interface Batch {
  readonly members: readonly Spelled[];
  readonly batch: ServiceBusMessageBatch | undefined;
}

/** The service takes so many messages in one request. */
const maxBatchMessages = 4_500;

const add = (batch: ServiceBusMessageBatch, each: Spelled | undefined): boolean =>
  each !== undefined && batch.tryAddMessage(each.message);

function byDueTime(spelled: readonly Spelled[]): ReadonlyMap<number, readonly Spelled[]> {
  const times = new Map<number, Spelled[]>();
  for (const each of spelled) {
    if (each.dueMs === undefined) continue;
    const due = times.get(each.dueMs);
    if (due === undefined) times.set(each.dueMs, [each]);
    else due.push(each);
  }
  return times;
}

/** One request of the service. */
interface Pack {
  readonly members: readonly Spelled[];
  /** Scheduled messages answer one number each. */
  readonly submit: (abortSignal: EndSignal) => Promise<void | readonly { toString(): string }[]>;
}

/**
 * Less than the client's own limit in `clientOptions`: when that one ends a send whose link is gone, the SDK throws in a timer,
 * which ends the process.
 */
const longestSendMs = 0.8 * clientOptions.retryOptions.timeoutInMs;

const accepted: SendResult = Object.freeze({ ok: true });

const unsent: SendResult = {
  ok: false,
  unsent: true,
  error: new WaybillError("cancelled", "a batch before it was refused"),
};

function spell(envelope: Outgoing["envelope"]): ServiceBusMessage {
  const { timeToLiveMs, body, applicationProperties, ...message } = toAmqp(envelope, { key: "session" });
  return {
    ...message,
    // The SDK sends a Buffer as the bytes that it is, and everything else as JSON.
    body: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
    applicationProperties: { ...applicationProperties },
    ...(timeToLiveMs === undefined ? {} : { timeToLive: timeToLiveMs }),
  };
}
