import type {
  ProcessErrorArgs,
  ServiceBusClient,
  ServiceBusReceivedMessage,
  ServiceBusReceiver,
} from "@azure/service-bus";
import {
  WaybillError,
  type Delivery,
  type MaybePromise,
  type Receiver,
  type SettleRequest,
  Handoff,
  within,
  type Deadline,
} from "../../src/transport/index.js";
import { createReceiver, textOf, type EntityPath } from "./entity-path.js";
import { toLong } from "./long.js";
import { mapError } from "./map-error.js";
import { MessageDelivery } from "./message-delivery.js";
import { release, settleMessage } from "./settle-message.js";

/**
 * Receives from a queue or a subscription without sessions.
 *
 * The SDK pushes, and its pending callbacks are the credit: a callback ends when its delivery is settled, so that no
 * more messages are here than were asked for. When nobody asks any more (a pause, a stop) the link is drained, and what
 * it still brought is put back uncounted.
 */
export class MessageReceiver implements Receiver {
  readonly #client: ServiceBusClient;
  readonly #path: EntityPath;
  readonly #deadline: Deadline;
  readonly #handoff = new Handoff<MessageDelivery>();
  /** Here, and not settled. */
  readonly #open = new Set<MessageDelivery>();
  #receiver: ServiceBusReceiver | undefined;
  #subscription: Subscription | undefined;
  #stopping: Promise<void> | undefined;
  #closed = false;

  constructor(client: ServiceBusClient, path: EntityPath, deadline: Deadline) {
    this.#client = client;
    this.#path = path;
    this.#deadline = deadline;
  }

  receive(max: number, signal: AbortSignal): MaybePromise<readonly Delivery[]> {
    if (this.#closed) return [];
    const got = this.#handoff.receive(max, signal, () => {
      this.#stop();
    });
    if (got instanceof Promise) this.#listen(this.#open.size + max);
    return got;
  }

  settle(requests: readonly SettleRequest[]): Promise<readonly (WaybillError | undefined)[]> {
    return Promise.all(requests.map((request) => this.#settle(request)));
  }

  renew(deliveries: readonly Delivery[]): Promise<readonly (number | WaybillError)[]> {
    return Promise.all(
      deliveries.map(async (delivery) => {
        const doing = `cannot renew the lock of a message of "${textOf(this.#path)}"`;
        try {
          const { native } = ownDelivery(delivery);
          return (await within(this.#deadline, doing, () => this.#link().renewMessageLock(native))).getTime();
        } catch (error) {
          return mapError(error, doing);
        }
      }),
    );
  }

  /** Those that are gone or locked are left out. */
  async receiveDeferred(sequenceNumbers: readonly string[]): Promise<readonly Delivery[]> {
    const found: MessageDelivery[] = [];
    for (const number of sequenceNumbers) {
      const messages = await deferredMessages(this.#deadline, this.#link(), number);
      for (const message of messages) found.push(this.#accept(message, () => undefined));
    }
    return found;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#putBack(this.#handoff.close());
    this.#stop();
    await this.#stopping;
    for (const delivery of this.#open) delivery.done();
    const receiver = this.#receiver;
    if (receiver === undefined) return;
    await within(this.#deadline, "cannot close a receiver", () => receiver.close()).catch(() => undefined);
  }

  /** What settles and fetches. It opens no link until it is used. */
  #link(): ServiceBusReceiver {
    return (this.#receiver ??= createReceiver(this.#client, this.#path));
  }

  /** Sees to it that up to `calls` messages may be here at a time. */
  #listen(calls: number): void {
    if (this.#stopping !== undefined) {
      void this.#stopping.then(() => {
        if (!this.#closed && this.#handoff.waiting) this.#listen(calls);
      });
      return;
    }
    if (this.#subscription !== undefined) {
      if (this.#subscription.calls >= calls) return;
      // More handlers than before: the SDK fixes the number when it begins to listen.
      this.#stop();
      this.#listen(calls);
      return;
    }
    this.#subscription = this.#subscribe(calls);
  }

  #subscribe(calls: number): Subscription {
    const subscription: Subscription = { calls, ended: false, close: () => Promise.resolve() };
    const { close } = this.#link().subscribe(
      {
        processMessage: (message) => this.#process(message),
        processError: (args) => {
          if (!subscription.ended) this.#failed(args);
          return Promise.resolve();
        },
      },
      { autoCompleteMessages: false, maxConcurrentCalls: calls },
    );
    subscription.close = close;
    return subscription;
  }

  #process(message: ServiceBusReceivedMessage): Promise<void> {
    return new Promise((done) => {
      const delivery = this.#accept(message, done);
      if (this.#closed) this.#putBack([delivery]);
      else this.#handoff.push(delivery);
    });
  }

  #accept(message: ServiceBusReceivedMessage, done: () => void): MessageDelivery {
    const delivery = new MessageDelivery(message, undefined, done);
    this.#open.add(delivery);
    return delivery;
  }

  /** The SDK would try again for ever and say so each time: the core has a rule for that, and tells it. */
  #failed({ error, errorSource }: ProcessErrorArgs): void {
    if (errorSource !== "receive") return;
    const old = this.#receiver;
    this.#stop();
    this.#receiver = undefined;
    if (old !== undefined) {
      void within(this.#deadline, "cannot close a receiver", () => old.close()).catch(() => undefined);
    }
    this.#handoff.fail(mapError(error, `cannot receive from "${textOf(this.#path)}"`));
  }

  /** Stops listening, and puts back what came until the link was silent. */
  #stop(): void {
    const subscription = this.#subscription;
    if (subscription === undefined) return;
    this.#subscription = undefined;
    subscription.ended = true;
    this.#stopping = within(this.#deadline, "cannot stop listening", () => subscription.close())
      .catch(() => undefined)
      .then(() => {
        this.#stopping = undefined;
        if (!this.#handoff.waiting) this.#putBack(this.#handoff.takeBack());
      });
  }

  #putBack(deliveries: readonly MessageDelivery[]): void {
    for (const delivery of deliveries) {
      void release(this.#link(), delivery.native).catch(() => undefined);
      this.#end(delivery);
    }
  }

  async #settle({ delivery, action }: SettleRequest): Promise<WaybillError | undefined> {
    const doing = `cannot ${action.kind} a message of "${textOf(this.#path)}"`;
    try {
      const own = ownDelivery(delivery);
      try {
        await within(this.#deadline, doing, () => settleMessage(this.#link(), own.native, action));
      } finally {
        this.#end(own);
      }
      return undefined;
    } catch (error) {
      return mapError(error, doing);
    }
  }

  #end(delivery: MessageDelivery): void {
    this.#open.delete(delivery);
    delivery.done();
  }
}

interface Subscription {
  readonly calls: number;
  ended: boolean;
  close: () => Promise<void>;
}

/** @throws {WaybillError} `settleFailed` for a delivery that no receiver of this kind made. */
export function ownDelivery(delivery: Delivery): MessageDelivery {
  if (delivery instanceof MessageDelivery) return delivery;
  throw new WaybillError("settleFailed", "this is no delivery of the receiver", { class: "permanent" });
}

/** A deferred message, locked; nothing if it is gone or locked. */
export async function deferredMessages(
  deadline: Deadline,
  receiver: Pick<ServiceBusReceiver, "receiveDeferredMessages">,
  sequenceNumber: string,
): Promise<readonly ServiceBusReceivedMessage[]> {
  try {
    return await within(deadline, "cannot receive a deferred message", () =>
      receiver.receiveDeferredMessages(toLong(sequenceNumber)),
    );
  } catch (error) {
    const mapped = mapError(error, "cannot receive a deferred message");
    if (mapped.code === "notFound") return [];
    throw mapped;
  }
}
