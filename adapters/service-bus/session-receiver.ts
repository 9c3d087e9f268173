import type { ServiceBusReceiver, ServiceBusSessionReceiver } from "@azure/service-bus";
import {
  Handoff,
  within,
  type BacklogEvidence,
  type Deadline,
  type Delivery,
  type MaybePromise,
  type Receiver,
  type SettleRequest,
  type WaybillError,
} from "../../src/transport/index.js";
import type { ClientLease } from "./clients.js";
import { deferredMessages, sessionIdOf } from "./deferred-messages.js";
import { createReceiver, textOf, type EntityPath } from "./entity-path.js";
import type { HeldSession } from "./held-session.js";
import { HeldSessions, type SessionOptions } from "./held-sessions.js";
import { look } from "./look.js";
import { mapError, mapSettleError } from "./map-error.js";
import { ownDelivery, type MessageDelivery } from "./message-delivery.js";
import { OutcomeTurns } from "./outcome-turns.js";
import { readSessionState, writeSessionState } from "./session-state.js";
import { acceptNamed, SessionWish, type WishHost } from "./session-wish.js";
import { settleMessage } from "./settle-message.js";

/**
 * Receives from a queue or a subscription with sessions: holds up to `lanes` of them, each with up to `perLane`
 * unsettled deliveries.
 *
 * One accept is under way at a time, however many sessions are wanted: each that is granted asks for the next. A session
 * that brought nothing for a while is given up, so that it may wander between receivers; its next message takes it
 * again. Its lock is renewed with that of any of its deliveries.
 */
export class SessionReceiver implements Receiver, WishHost {
  readonly #lease: ClientLease;
  readonly #path: EntityPath;
  readonly #deadline: Deadline;
  readonly #turns: OutcomeTurns;
  readonly #handoff = new Handoff<MessageDelivery>();
  readonly #sessions: HeldSessions;
  readonly #wish: SessionWish;
  /** Opens no link: it looks at what waits. */
  #browser: ServiceBusReceiver | undefined;
  /** Of the last receive: while it is aborted nobody asks for more. */
  #signal: AbortSignal | undefined;
  #closed = false;

  constructor(lease: ClientLease, path: EntityPath, deadline: Deadline, options: SessionOptions) {
    this.#lease = lease;
    this.#path = path;
    this.#deadline = deadline;
    this.#turns = new OutcomeTurns(deadline.runtime);
    this.#wish = new SessionWish(lease.client, path, deadline, this);
    this.#sessions = new HeldSessions({
      path,
      deadline,
      options,
      handoff: this.#handoff,
      bore: () => this.#wish.bore(),
      wasFruitless: () => this.#wish.wasFruitless(),
      freed: () => this.#wish.make(),
    });
  }

  receive(max: number, signal: AbortSignal): MaybePromise<readonly Delivery[]> {
    if (this.#closed) return [];
    this.#signal = signal;
    const got = this.#handoff.receive(max, signal, () => {
      this.#sessions.pause();
    });
    if (got instanceof Promise) this.#ask();
    return got;
  }

  settle(requests: readonly SettleRequest[]): Promise<readonly (WaybillError | undefined)[]> {
    return Promise.all(requests.map((request) => this.#settle(request)));
  }

  renew(deliveries: readonly Delivery[]): Promise<readonly (number | WaybillError)[]> {
    const renewals = new Map<HeldSession, Promise<number | WaybillError>>();
    return Promise.all(
      deliveries.map(async (delivery) => {
        const session = this.#sessions.of(ownDelivery(delivery));
        if (session === undefined) return this.#sessions.lostError(delivery);
        const renewal = renewals.get(session) ?? this.#renew(session);
        renewals.set(session, renewal);
        return renewal;
      }),
    );
  }

  async sessionState(delivery: Delivery): Promise<Uint8Array | undefined> {
    return readSessionState(this.#deadline, this.#heldBy(delivery).link);
  }

  async setSessionState(delivery: Delivery, state: Uint8Array | undefined): Promise<void> {
    await writeSessionState(this.#deadline, this.#heldBy(delivery).link, state);
  }

  /**
   * Takes the sessions of the messages with them; messages that are gone or locked are left out.
   * @throws {WaybillError} `busy` if another receiver holds one of these sessions.
   */
  async receiveDeferred(sequenceNumbers: readonly string[]): Promise<readonly Delivery[]> {
    const found: MessageDelivery[] = [];
    for (const number of sequenceNumbers) {
      const id = await sessionIdOf(this.#deadline, this.#lease.client, this.#path, number);
      if (id === undefined) continue;
      const session =
        this.#sessions.named(id) ??
        this.#sessions.hold(await acceptNamed(this.#lease.client, this.#path, this.#deadline, id));
      for (const message of await deferredMessages(this.#deadline, session.link, number)) {
        found.push(this.#sessions.deliver(session, message));
      }
      this.#sessions.fetched(session);
    }
    return found;
  }

  /** While it holds as many sessions as it may, those of other messages wait for their turn. */
  async backlog(): Promise<BacklogEvidence | undefined> {
    if (this.#sessions.full) return undefined;
    return look({
      deadline: this.#deadline,
      browser: (this.#browser ??= createReceiver(this.#lease.client, this.#path)),
      doing: `cannot look at "${textOf(this.#path)}"`,
      last: undefined,
      isOwn: ({ sessionId }) => (this.#sessions.named(sessionId ?? "")?.open.size ?? 0) > 0,
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#handoff.close();
    // An accept that is under way is not waited for: it takes as long as there is no session, and gives back what it gets.
    this.#wish.end();
    await this.#sessions.close();
    await this.#lease.release();
  }

  wantsSession(): boolean {
    return this.#handoff.waiting && !this.#sessions.full;
  }

  granted(link: ServiceBusSessionReceiver): void {
    // Nobody asks any more: the session is for somebody else.
    if (this.#closed || this.#signal?.aborted === true) {
      this.#sessions.closeLink(link);
      return;
    }
    const session = this.#sessions.hold(link);
    // Whoever waited may have been answered by another session meanwhile, and will ask this one next.
    if (this.#handoff.waiting) session.want();
  }

  refused(error: WaybillError): void {
    this.#handoff.fail(error);
  }

  /** Asks the sessions that are held for their next messages, and the service for one session more. */
  #ask(): void {
    this.#handoff.ask(
      () => {
        this.#sessions.want();
        this.#wish.make();
      },
      (error) => mapError(error, `cannot receive from "${textOf(this.#path)}"`),
    );
  }

  async #settle({ delivery, action }: SettleRequest): Promise<WaybillError | undefined> {
    const doing = `cannot ${action.kind} a message of "${textOf(this.#path)}"`;
    try {
      const own = ownDelivery(delivery);
      const session = this.#sessions.of(own);
      if (session === undefined) return this.#sessions.lostError(delivery);
      try {
        await within(this.#deadline, doing, () =>
          this.#turns.settle(action.kind, () => settleMessage(session.link, own.native, action)),
        );
      } finally {
        this.#sessions.settled(session, own, this.#signal?.aborted === true);
      }
      return undefined;
    } catch (error) {
      return mapSettleError(error, doing);
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

  #heldBy(delivery: Delivery): HeldSession {
    const session = this.#sessions.of(ownDelivery(delivery));
    if (session === undefined) throw this.#sessions.lostError(delivery);
    return session;
  }
}
