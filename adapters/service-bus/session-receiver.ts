import type {
  ServiceBusClient,
  ServiceBusReceivedMessage,
  ServiceBusSessionReceiver,
} from "@azure/service-bus";
import {
  WaybillError,
  type Delivery,
  type MaybePromise,
  type Receiver,
  type ReceiverOptions,
  type SettleRequest,
  Handoff,
  within,
  type Deadline,
} from "../../src/transport/index.js";
import { acceptSession, createReceiver, textOf, type EntityPath } from "./entity-path.js";
import { HeldSession } from "./held-session.js";
import { toLong } from "./long.js";
import { mapError } from "./map-error.js";
import { MessageDelivery } from "./message-delivery.js";
import { deferredMessages, ownDelivery } from "./receiver.js";
import { fromSessionState, toSessionState } from "./session-state.js";
import { settleMessage } from "./settle-message.js";

/** How a session receiver goes about its sessions. */
export interface SessionOptions extends Pick<ReceiverOptions, "lanes" | "perLane" | "onLost"> {
  readonly sessionIdleMs: number;
}

/**
 * Receives from a queue or a subscription with sessions: holds up to `lanes` of them, each with up to `perLane`
 * unsettled deliveries.
 *
 * One accept is under way at a time, however many sessions are wanted: each that is granted asks for the next. A session
 * that brought nothing for a while is given up, so that it may wander between receivers; its next message takes it
 * again. Its lock is renewed with that of any of its deliveries.
 */
export class SessionReceiver implements Receiver {
  readonly #client: ServiceBusClient;
  readonly #path: EntityPath;
  readonly #deadline: Deadline;
  readonly #options: SessionOptions;
  readonly #handoff = new Handoff<MessageDelivery>();
  readonly #held = new Map<string, HeldSession>();
  readonly #sessionOf = new WeakMap<MessageDelivery, HeldSession>();
  #accepting: AbortController | undefined;
  #accepted: Promise<void> = Promise.resolve();
  readonly #closing = new Set<Promise<void>>();
  #closed = false;

  constructor(client: ServiceBusClient, path: EntityPath, deadline: Deadline, options: SessionOptions) {
    this.#client = client;
    this.#path = path;
    this.#deadline = deadline;
    this.#options = options;
  }

  receive(max: number, signal: AbortSignal): MaybePromise<readonly Delivery[]> {
    if (this.#closed) return [];
    const got = this.#handoff.receive(max, signal, () => {
      this.#pause();
    });
    if (got instanceof Promise) this.#accept();
    return got;
  }

  settle(requests: readonly SettleRequest[]): Promise<readonly (WaybillError | undefined)[]> {
    return Promise.all(requests.map((request) => this.#settle(request)));
  }

  renew(deliveries: readonly Delivery[]): Promise<readonly (number | WaybillError)[]> {
    const renewals = new Map<HeldSession, Promise<number | WaybillError>>();
    return Promise.all(
      deliveries.map(async (delivery) => {
        const session = this.#sessionOf.get(ownDelivery(delivery));
        if (session === undefined || session.ended) return this.#lost(delivery);
        const renewal = renewals.get(session) ?? this.#renew(session);
        renewals.set(session, renewal);
        return renewal;
      }),
    );
  }

  async sessionState(delivery: Delivery): Promise<Uint8Array | undefined> {
    const { link } = this.#heldBy(delivery);
    const doing = `cannot read the state of session "${link.sessionId}"`;
    try {
      return fromSessionState(await within(this.#deadline, doing, () => link.getSessionState()));
    } catch (error) {
      throw mapError(error, doing);
    }
  }

  async setSessionState(delivery: Delivery, state: Uint8Array | undefined): Promise<void> {
    const { link } = this.#heldBy(delivery);
    const doing = `cannot keep the state of session "${link.sessionId}"`;
    try {
      await within(this.#deadline, doing, () => link.setSessionState(toSessionState(state)));
    } catch (error) {
      throw mapError(error, doing);
    }
  }

  /**
   * Takes the sessions of the messages with them; messages that are gone or locked are left out.
   * @throws {WaybillError} `busy` if another receiver holds one of these sessions.
   */
  async receiveDeferred(sequenceNumbers: readonly string[]): Promise<readonly Delivery[]> {
    const found: MessageDelivery[] = [];
    for (const number of sequenceNumbers) {
      const id = await this.#sessionIdOf(number);
      if (id === undefined) continue;
      const session = this.#held.get(id) ?? (await this.#acceptNamed(id));
      for (const message of await deferredMessages(this.#deadline, session.link, number)) {
        found.push(this.#deliver(session, message, () => undefined));
      }
      this.#watchIdle(session);
    }
    return found;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#handoff.close();
    this.#accepting?.abort();
    await this.#accepted;
    for (const session of this.#held.values()) this.#giveUp(session);
    await Promise.all(this.#closing);
  }

  /** Asks for one more session, if one more may be held and somebody waits. */
  #accept(): void {
    if (this.#accepting !== undefined || this.#closed) return;
    if (!this.#handoff.waiting || this.#held.size >= this.#options.lanes) return;
    const accepting = new AbortController();
    this.#accepting = accepting;
    this.#accepted = this.#acceptNext(accepting.signal).then(() => {
      this.#accepting = undefined;
      this.#accept();
    });
  }

  async #acceptNext(signal: AbortSignal): Promise<void> {
    const doing = `cannot accept a session of "${textOf(this.#path)}"`;
    try {
      const link = await within(
        this.#deadline,
        doing,
        () => acceptSession(this.#client, this.#path, undefined, signal),
        (late) => void late.close().catch(() => undefined),
      );
      if (this.#closed || signal.aborted) this.#closeLink(link);
      else this.#hold(link);
    } catch (error) {
      const mapped = mapError(error, doing);
      // No session has messages: that is the rule, and the wish is repeated.
      const none = mapped.code === "timeout" || mapped.code === "busy" || mapped.code === "cancelled";
      if (!none && !this.#closed) this.#handoff.fail(mapped);
    }
  }

  #hold(link: ServiceBusSessionReceiver): HeldSession {
    const session = new HeldSession(link);
    this.#held.set(session.id, session);
    link.subscribe(
      {
        processMessage: (message) => this.#process(session, message),
        processError: ({ error, errorSource }) => {
          if (errorSource === "receive") {
            this.#lose(
              session,
              mapError(error, `session "${session.id}" of "${textOf(this.#path)}" is lost`),
            );
          }
          return Promise.resolve();
        },
      },
      { autoCompleteMessages: false, maxConcurrentCalls: this.#options.perLane },
    );
    this.#watchIdle(session);
    return session;
  }

  #process(session: HeldSession, message: ServiceBusReceivedMessage): Promise<void> {
    // Given up meanwhile: the service keeps the message for the next holder.
    if (session.ended) return Promise.resolve();
    return new Promise((done) => {
      this.#handoff.push(this.#deliver(session, message, done));
    });
  }

  #deliver(session: HeldSession, message: ServiceBusReceivedMessage, done: () => void): MessageDelivery {
    const delivery = new MessageDelivery(message, session.id, done, () => session.lockedUntilMs);
    session.open.add(delivery);
    this.#sessionOf.set(delivery, session);
    session.idle?.cancel();
    session.idle = undefined;
    return delivery;
  }

  async #settle({ delivery, action }: SettleRequest): Promise<WaybillError | undefined> {
    const doing = `cannot ${action.kind} a message of "${textOf(this.#path)}"`;
    try {
      const own = ownDelivery(delivery);
      const session = this.#sessionOf.get(own);
      if (session === undefined || session.ended) return this.#lost(delivery);
      try {
        await within(this.#deadline, doing, () => settleMessage(session.link, own.native, action));
      } finally {
        session.open.delete(own);
        own.done();
        this.#watchIdle(session);
      }
      return undefined;
    } catch (error) {
      return mapError(error, doing);
    }
  }

  async #renew(session: HeldSession): Promise<number | WaybillError> {
    const doing = `cannot renew the lock of session "${session.id}"`;
    try {
      return (await within(this.#deadline, doing, () => session.link.renewSessionLock())).getTime();
    } catch (error) {
      return mapError(error, doing);
    }
  }

  /** Gives the session up when nothing of it is here for a while; at once when nobody asks any more. */
  #watchIdle(session: HeldSession): void {
    if (session.open.size > 0 || session.ended) return;
    session.idle?.cancel();
    session.idle = this.#deadline.runtime.after(this.#options.sessionIdleMs, () => {
      this.#giveUp(session);
      this.#accept();
    });
  }

  #pause(): void {
    this.#accepting?.abort();
    const untaken = new Set(this.#handoff.takeBack());
    for (const delivery of untaken) {
      const session = this.#sessionOf.get(delivery);
      session?.open.delete(delivery);
      delivery.done();
    }
    // Closing a session puts back, uncounted, what it holds.
    for (const session of this.#held.values()) if (session.open.size === 0) this.#giveUp(session);
  }

  #giveUp(session: HeldSession): void {
    if (session.ended) return;
    this.#held.delete(session.id);
    session.end();
    this.#closeLink(session.link);
  }

  /** The service took the session away: its lock ran out, or its link broke. */
  #lose(session: HeldSession, error: WaybillError): void {
    if (session.ended) return;
    this.#held.delete(session.id);
    const lost = new Set(session.end());
    this.#handoff.forget((delivery) => lost.has(delivery));
    for (const delivery of lost) this.#options.onLost(delivery, error);
    this.#closeLink(session.link);
    this.#accept();
  }

  #closeLink(link: ServiceBusSessionReceiver): void {
    const closing = within(this.#deadline, "cannot close a session", () => link.close())
      .catch(() => undefined)
      .then(() => {
        this.#closing.delete(closing);
      });
    this.#closing.add(closing);
  }

  async #acceptNamed(id: string): Promise<HeldSession> {
    const doing = `cannot take session "${id}" of "${textOf(this.#path)}"`;
    try {
      return this.#hold(
        await within(this.#deadline, doing, () =>
          acceptSession(this.#client, this.#path, id, new AbortController().signal),
        ),
      );
    } catch (error) {
      throw mapError(error, doing);
    }
  }

  /** The session of a deferred message, which only a look at the queue can tell. */
  async #sessionIdOf(sequenceNumber: string): Promise<string | undefined> {
    const browser = createReceiver(this.#client, this.#path);
    const doing = `cannot look for a deferred message of "${textOf(this.#path)}"`;
    try {
      const [seen] = await within(this.#deadline, doing, () =>
        browser.peekMessages(1, { fromSequenceNumber: toLong(sequenceNumber) }),
      );
      return seen?.sequenceNumber?.toString() === sequenceNumber ? seen.sessionId : undefined;
    } catch (error) {
      throw mapError(error, doing);
    } finally {
      void browser.close().catch(() => undefined);
    }
  }

  #heldBy(delivery: Delivery): HeldSession {
    const session = this.#sessionOf.get(ownDelivery(delivery));
    if (session !== undefined && !session.ended) return session;
    throw this.#lost(delivery);
  }

  #lost({ lane }: Delivery): WaybillError {
    return new WaybillError(
      "lockLost",
      `session "${lane ?? ""}" of "${textOf(this.#path)}" is not held any more`,
    );
  }
}
