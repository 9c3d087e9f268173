import type { ServiceBusReceivedMessage, ServiceBusReceiver } from "@azure/service-bus";
import {
  Handoff,
  within,
  type BacklogEvidence,
  type Deadline,
  type Delivery,
  type MaybePromise,
  type Receiver,
  type SettleRequest,
  type TimerHandle,
  type WaybillError,
} from "../../src/transport/index.js";
import type { ClientLease } from "./clients.js";
import { deferredMessages } from "./deferred-messages.js";
import { createReceiver, textOf, type EntityPath } from "./entity-path.js";
import { Listener, type ListenerHost } from "./listener.js";
import { look } from "./look.js";
import { mapError, mapSettleError } from "./map-error.js";
import { MessageDelivery, ownDelivery } from "./message-delivery.js";
import { OutcomeTurns } from "./outcome-turns.js";
import { release, sessionless, settleMessage } from "./settle-message.js";

/**
 * Receives from a queue or a subscription without sessions.
 *
 * Asks the service for as many messages as its caller asks for. When nobody asks any more (a pause, a stop, a caller that
 * does not come back) the link is drained, and what it still brought is put back uncounted.
 */
export class MessageReceiver implements Receiver, ListenerHost {
  readonly #lease: ClientLease;
  readonly #path: EntityPath;
  readonly #deadline: Deadline;
  readonly #turns: OutcomeTurns;
  readonly #handoff = new Handoff<MessageDelivery>();
  /** Those that the client read from its socket at once: they are handed over together, when it has read them all. */
  readonly #arrived: MessageDelivery[] = [];
  /** Over which link each unsettled delivery came; none for deferred messages. */
  readonly #open = new Map<MessageDelivery, Listener | undefined>();
  #listener: Listener | undefined;
  /** Replaced ones, which live on until the last of their deliveries is settled. */
  readonly #retired = new Set<Listener>();
  /** Those whose connection was down when they were closed, which the SDK then forgets to do. */
  readonly #broken = new Set<Listener>();
  /** Opens no link: it settles, renews and fetches what another way brought. */
  #manager: ServiceBusReceiver | undefined;
  /** The sequence number of the last message that came. */
  #last: string | undefined;
  #wanted = 0;
  #resting: Promise<void> | undefined;
  #patience: TimerHandle | undefined;
  #closing: Promise<void> | undefined;

  constructor(lease: ClientLease, path: EntityPath, deadline: Deadline) {
    this.#lease = lease;
    this.#path = path;
    this.#deadline = deadline;
    this.#turns = new OutcomeTurns(deadline.runtime);
  }

  receive(max: number, signal: AbortSignal): MaybePromise<readonly Delivery[]> {
    if (this.#closing !== undefined) return [];
    const got = this.#handoff.receive(max, signal, () => {
      this.#rest();
    });
    if (got instanceof Promise) this.#ask(max);
    else this.#beImpatient();
    return got;
  }

  /** Over the link that it has: a new one for the sake of a few more would be dear. */
  raise(max: number): void {
    if (this.#resting !== undefined || this.#listener?.fits(max) !== true || !this.#handoff.raise(max))
      return;
    this.#wanted = max;
    this.#ask(max);
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
          const until = await within(this.#deadline, doing, () => this.#link().renewMessageLock(native));
          return until.getTime();
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
      for (const message of messages) found.push(this.#accept(message, undefined));
    }
    return found;
  }

  backlog(): Promise<BacklogEvidence | undefined> {
    const own = new Set([...this.#open.keys()].map(({ broker }) => broker.sequenceNumber));
    return look({
      deadline: this.#deadline,
      browser: (this.#manager ??= createReceiver(this.#lease.client, this.#path)),
      doing: `cannot look at "${textOf(this.#path)}"`,
      last: this.#last,
      isOwn: ({ sequenceNumber }) => own.has(sequenceNumber?.toString()),
    });
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  message(listener: Listener, message: ServiceBusReceivedMessage): void {
    for (const broken of this.#broken) void this.#end(broken);
    this.#arrived.push(this.#accept(message, listener));
    if (this.#arrived.length === 1)
      void Promise.resolve().then(() => {
        this.#handOver(this.#arrived.splice(0));
      });
  }

  /** The SDK would try again for ever and say so each time: the core has a rule for that, and is told. */
  failed(listener: Listener, error: unknown): void {
    void this.#end(listener);
    if (listener !== this.#listener) return;
    this.#listener = undefined;
    this.#broken.add(listener);
    this.#handoff.fail(this.#cannotReceive(error));
  }

  #handOver(arrived: readonly MessageDelivery[]): void {
    if (this.#closing !== undefined) {
      this.#putBack(arrived);
      return;
    }
    this.#handoff.push(...arrived);
    if (!this.#handoff.waiting) this.#beImpatient();
  }

  async #close(): Promise<void> {
    this.#patience?.cancel();
    this.#putBack(this.#handoff.close());
    const listeners = [this.#listener, ...this.#retired, ...this.#broken];
    await Promise.all(listeners.map(async (each) => each?.close()));
    await this.#lease.release();
  }

  #ask(max: number): void {
    this.#handoff.ask(
      () => this.#listen(max),
      (error) => this.#cannotReceive(error),
    );
  }

  #cannotReceive(error: unknown): WaybillError {
    return mapError(error, `cannot receive from "${textOf(this.#path)}"`);
  }

  #link(): ServiceBusReceiver {
    return this.#listener?.receiver ?? (this.#manager ??= createReceiver(this.#lease.client, this.#path));
  }

  /** Sees to it that `most` messages are asked for, or as many as the link has room for. A full link is replaced. */
  #listen(most: number): void {
    this.#wanted = most;
    this.#patience?.cancel();
    if (this.#resting !== undefined) return;
    const room = maxUnsettled - (this.#listener?.unsettled ?? 0);
    const max = Math.min(most, room > 0 ? room : maxUnsettled);
    if (room <= 0 || this.#listener?.fits(max) !== true) {
      const old = this.#listener;
      this.#listener = new Listener(
        createReceiver(this.#lease.client, this.#path),
        max,
        this.#deadline,
        this,
      );
      if (old !== undefined) this.#retire(old);
    }
    // Those that have arrived and are not handed over yet are some of them.
    this.#listener.want(max - this.#arrived.length);
  }

  /** Asks for nothing any more, and puts back what nobody takes. */
  #rest(): void {
    this.#patience?.cancel();
    if (this.#resting !== undefined || this.#closing !== undefined) return;
    this.#resting = Promise.resolve(this.#listener?.stop()).then(() => {
      this.#resting = undefined;
      if (this.#closing !== undefined || this.#arrived.length > 0) return;
      if (this.#handoff.waiting) this.#listen(this.#wanted);
      else this.#putBack(this.#handoff.takeBack());
    });
  }

  /** A caller that asked and was answered has a moment to ask again: what still comes is locked, and waits for it. */
  #beImpatient(): void {
    this.#patience?.cancel();
    this.#patience = this.#deadline.runtime.after(patienceMs, () => {
      if (!this.#handoff.waiting) this.#rest();
    });
  }

  #accept(message: ServiceBusReceivedMessage, listener: Listener | undefined): MessageDelivery {
    const delivery = new MessageDelivery(message, undefined);
    this.#last = delivery.broker.sequenceNumber;
    this.#open.set(delivery, listener);
    return delivery;
  }

  #putBack(deliveries: readonly MessageDelivery[]): void {
    for (const delivery of deliveries) {
      void this.#turns
        .settle("release", () => release(this.#link(), sessionless(delivery.native)))
        .catch(() => undefined);
      this.#forget(delivery);
    }
  }

  async #settle({ delivery, action }: SettleRequest): Promise<WaybillError | undefined> {
    const doing = `cannot ${action.kind} a message of "${textOf(this.#path)}"`;
    try {
      const own = ownDelivery(delivery);
      try {
        await within(this.#deadline, doing, () =>
          this.#turns.settle(action.kind, () => settleMessage(this.#link(), sessionless(own.native), action)),
        );
      } finally {
        this.#forget(own);
      }
      return undefined;
    } catch (error) {
      return mapSettleError(error, doing);
    }
  }

  #forget(delivery: MessageDelivery): void {
    const listener = this.#open.get(delivery);
    if (!this.#open.delete(delivery) || listener === undefined) return;
    listener.unsettled -= 1;
    if (listener.unsettled === 0 && this.#retired.has(listener)) void this.#end(listener);
  }

  #retire(listener: Listener): void {
    this.#retired.add(listener);
    if (listener.unsettled === 0) void this.#end(listener);
    else void listener.stop();
  }

  #end(listener: Listener): Promise<void> {
    this.#retired.delete(listener);
    this.#broken.delete(listener);
    return listener.close();
  }
}

/** The SDK's sessions take 2,048 unsettled deliveries, and stop without a word at the next. */
const maxUnsettled = 1_500;

const patienceMs = 250;
