import type { EventDataBatch, ReceivedEventData, SendBatchOptions } from "@azure/event-hubs";
import {
  toAmqp,
  WaybillError,
  type Outgoing,
  type Sender,
  type SendResult,
} from "../../src/transport/index.js";
import type { HubProducer, Request } from "./hub-producer.js";
import { mapError, mapSendError } from "./map-error.js";

/** Where a hub's events go: by their keys, or all to one partition. */
export interface HubTarget {
  readonly hub: string;
  readonly partitionId: string | undefined;
}

/**
 * Sends to an event hub. A batch has one key and goes to one partition, so the events of each key are packed and sent in
 * their order, and keys side by side; without a key the service spreads the batches.
 */
export class EventSender implements Sender {
  readonly #producer: HubProducer;
  readonly #partitionId: string | undefined;
  readonly #doing: string;
  readonly #release: () => Promise<void>;
  readonly #sending = new Set<Promise<unknown>>();
  #batches = 0;
  #closed = false;

  /** @param release Gives the producer back: it may belong to other senders too. */
  constructor(producer: HubProducer, { hub, partitionId }: HubTarget, release: () => Promise<void>) {
    this.#producer = producer;
    this.#release = release;
    this.#partitionId = partitionId;
    this.#doing = `cannot send to "${hub}"`;
  }

  async send(messages: readonly Outgoing[]): Promise<readonly SendResult[]> {
    const results = new Array<SendResult>(messages.length);
    if (this.#closed) {
      return results.fill({
        ok: false,
        error: new WaybillError("closed", `${this.#doing}: the sender is closed`),
      });
    }
    const rows = this.#rows(messages, results);
    const sending = Promise.all(rows.map((row) => this.#sendRow(row, results)));
    this.#sending.add(sending);
    await sending;
    this.#sending.delete(sending);
    return results;
  }

  /** What is being sent gets its answer before. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all(this.#sending);
    await this.#release();
  }

  /** What must keep its order: events of one key, or of the one partition. */
  #rows(messages: readonly Outgoing[], results: SendResult[]): readonly Row[] {
    const rows = new Map<string | undefined, Spelled[]>();
    messages.forEach(({ envelope }, index) => {
      try {
        const spelled = { index, message: spell(envelope, this.#partitionId === undefined) };
        const key = this.#partitionId === undefined ? envelope.key : undefined;
        const row = rows.get(key);
        if (row === undefined) rows.set(key, [spelled]);
        else row.push(spelled);
      } catch (error) {
        results[index] = { ok: false, error: mapError(error, this.#doing) };
      }
    });
    return [...rows].map(([key, members]) => ({ target: this.#target(key), members }));
  }

  #target(key: string | undefined): SendBatchOptions {
    if (this.#partitionId !== undefined) return { partitionId: this.#partitionId };
    return key ? { partitionKey: key } : {};
  }

  async #sendRow({ target, members }: Row, results: SendResult[]): Promise<void> {
    const [only] = members;
    if (members.length === 1 && only !== undefined) {
      const send: Send = (client, abortSignal) =>
        client.sendBatch([only.message], { ...target, abortSignal });
      await this.#submit(members, send, results);
      return;
    }
    let left = members;
    while (left.length > 0) {
      const pack = await this.#pack(target, left);
      if ("error" in pack) {
        for (const { index } of left) results[index] = { ok: false, error: pack.error };
        return;
      }
      left = left.slice(pack.members.length);
      if (await this.#submit(pack.members, pack.send, results)) continue;
      for (const { index } of left) results[index] = unsent;
      return;
    }
  }

  /** As many as fit into one batch, as only the SDK knows the encoded size. */
  async #pack(target: SendBatchOptions, left: readonly Spelled[]): Promise<Pack | { error: WaybillError }> {
    let batch: EventDataBatch;
    try {
      batch = await this.#producer.run(this.#doing, (client, abortSignal) =>
        client.createBatch({ ...target, abortSignal }),
      );
    } catch (error) {
      return { error: mapError(error, this.#doing) };
    }
    let fits = 0;
    for (const { message } of left) {
      if (!batch.tryAdd(message)) break;
      fits += 1;
    }
    if (fits > 0)
      return {
        members: left.slice(0, fits),
        send: (client, abortSignal) => client.sendBatch(batch, { abortSignal }),
      };
    // Too large even alone: the service is to say so, of this message only.
    const alone = left.slice(0, 1);
    return {
      members: alone,
      send: (client, abortSignal) =>
        client.sendBatch(
          alone.map(({ message }) => message),
          { ...target, abortSignal },
        ),
    };
  }

  /** Answers whether to go on behind it. */
  async #submit(members: readonly Spelled[], send: Send, results: SendResult[]): Promise<boolean> {
    try {
      await this.#producer.run(this.#doing, send);
      for (const { index } of members) results[index] = accepted;
      return true;
    } catch (error) {
      const refused = { ok: false as const, error: mapSendError(error, this.#doing) };
      const alone = members.length === 1;
      const batch = (this.#batches += 1);
      for (const { index } of members) results[index] = alone ? refused : { ...refused, batch };
      return alone;
    }
  }
}

/** An AMQP message by its sections. Its package is the SDK's dependency, which an application cannot always import. */
type AmqpAnnotatedMessage = ReturnType<ReceivedEventData["getRawAmqpMessage"]>;

/** One message in the service's spelling, with its place among those that were sent together. */
interface Spelled {
  readonly index: number;
  readonly message: AmqpAnnotatedMessage;
}

interface Row {
  readonly target: SendBatchOptions;
  readonly members: readonly Spelled[];
}

interface Pack {
  readonly members: readonly Spelled[];
  readonly send: Send;
}

type Send = Request<void>;

const accepted: SendResult = Object.freeze({ ok: true });

const unsent: SendResult = {
  ok: false,
  unsent: true,
  error: new WaybillError("cancelled", "a batch before it was refused"),
};

/** An annotated message, because the SDK's `EventData` has neither a subject nor a reply address. */
function spell(envelope: Outgoing["envelope"], keyed: boolean): AmqpAnnotatedMessage {
  const message = toAmqp(envelope, { key: "partition" });
  const { body, partitionKey, messageId, contentType, subject, correlationId, replyTo } = message;
  return {
    // The SDK sends a Buffer as the bytes that it is, and everything else as JSON.
    body: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
    bodyType: "data",
    properties: {
      messageId,
      ...(contentType === undefined ? {} : { contentType }),
      ...(subject === undefined ? {} : { subject }),
      ...(correlationId === undefined ? {} : { correlationId }),
      ...(replyTo === undefined ? {} : { replyTo }),
    },
    applicationProperties: { ...message.applicationProperties },
    // As the SDK does for its own events: the key of an annotated message it leaves to its sender.
    ...(partitionKey === undefined || !keyed
      ? {}
      : { messageAnnotations: { "x-opt-partition-key": partitionKey }, header: { durable: true } }),
  };
}
