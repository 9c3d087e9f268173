import type { ServiceBusClient, ServiceBusMessage, ServiceBusSender } from "@azure/service-bus";
import {
  toAmqp,
  WaybillError,
  type Outgoing,
  type Sender,
  type SendResult,
  within,
  type Deadline,
} from "../../src/transport/index.js";
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
  readonly #sender: ServiceBusSender;
  readonly #deadline: Deadline;
  readonly #doing: string;
  #closed = false;

  constructor(client: ServiceBusClient, address: string, deadline: Deadline) {
    this.#sender = client.createSender(address);
    this.#deadline = deadline;
    this.#doing = `cannot send to "${address}"`;
  }

  async send(messages: readonly Outgoing[]): Promise<readonly SendResult[]> {
    const results = new Array<SendResult>(messages.length);
    if (this.#closed) return results.fill({ ok: false, error: this.#refusal() });
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
    for (const token of scheduleTokens) {
      try {
        await within(this.#deadline, this.#doing, () => this.#sender.cancelScheduledMessages(toLong(token)));
        answers.push(true);
      } catch (error) {
        const mapped = mapError(error, "cannot cancel a scheduled message");
        if (mapped.code !== "notFound") throw mapped;
        answers.push(false);
      }
    }
    return answers;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await within(this.#deadline, "cannot close a sender", () => this.#sender.close()).catch(() => undefined);
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
    if (spelled.length === 1 && only !== undefined && only.dueMs === undefined) {
      return [{ members: spelled, submit: () => this.#sender.sendMessages(only.message) }];
    }
    const now = spelled.filter(({ dueMs }) => dueMs === undefined);
    const batches = now.length === 0 ? [] : await this.#batches(now, results);
    return [...batches, ...this.#scheduled(spelled)];
  }

  /** One request for all messages that are due at the same time. */
  #scheduled(spelled: readonly Spelled[]): readonly Pack[] {
    const byTime = new Map<number, Spelled[]>();
    for (const each of spelled) {
      if (each.dueMs === undefined) continue;
      const members = byTime.get(each.dueMs);
      if (members === undefined) byTime.set(each.dueMs, [each]);
      else members.push(each);
    }
    return [...byTime].map(([dueMs, members]) => {
      const messages = members.map(({ message }) => message);
      return { members, submit: () => this.#sender.scheduleMessages(messages, new Date(dueMs)) };
    });
  }

  async #batches(spelled: readonly Spelled[], results: SendResult[]): Promise<readonly Pack[]> {
    const packs: Pack[] = [];
    try {
      let left = [...spelled];
      while (left.length > 0) {
        const batch = await within(this.#deadline, this.#doing, () => this.#sender.createMessageBatch());
        const members: Spelled[] = [];
        while (left[0] !== undefined && batch.tryAddMessage(left[0].message)) {
          members.push(left[0]);
          left = left.slice(1);
        }
        const tooLarge = members.length === 0 ? left.shift() : undefined;
        // Too large even alone: the service is to say so, of this message only.
        if (tooLarge !== undefined) {
          packs.push({ members: [tooLarge], submit: () => this.#sender.sendMessages(tooLarge.message) });
        } else packs.push({ members, submit: () => this.#sender.sendMessages(batch) });
      }
    } catch (error) {
      // No batch could be made: nothing of what is not packed was sent.
      const packed = new Set(packs.flatMap(({ members }) => members));
      for (const each of spelled) {
        if (!packed.has(each)) results[each.index] = { ok: false, error: mapError(error, this.#doing) };
      }
    }
    return packs;
  }

  /** Answers whether to go on. */
  async #submit(
    { members, submit }: Pack,
    batch: number | undefined,
    results: SendResult[],
  ): Promise<boolean> {
    try {
      const tokens = await within(this.#deadline, this.#doing, submit);
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

/** One request of the service. */
interface Pack {
  readonly members: readonly Spelled[];
  /** Scheduled messages answer one number each. */
  readonly submit: () => Promise<void | readonly { toString(): string }[]>;
}

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
