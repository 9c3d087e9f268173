import type {
  ServiceBusReceivedMessage,
  ServiceBusReceiver,
  ServiceBusSessionReceiver,
} from "@azure/service-bus";
import {
  WaybillError,
  type BacklogEvidence,
  type Delivery,
  type MaybePromise,
  type Receiver,
  type ReceiverOptions,
  type SettleRequest,
  Handoff,
  within,
  withinAborting,
  type Deadline,
} from "../../src/transport/index.js";
import type { ClientLease } from "./clients.js";
import { closed } from "./closing.js";
import { acceptSession, createReceiver, textOf, type EntityPath } from "./entity-path.js";
import { HeldSession, type SessionHost } from "./held-session.js";
import { toLong } from "./long.js";
import { look } from "./look.js";
import { mapError, mapSettleError } from "./map-error.js";
import { MessageDelivery } from "./message-delivery.js";
import { deferredMessages, ownDelivery } from "./receiver.js";
import { fromSessionState, toSessionState } from "./session-state.js";
import { closeQuietly } from "./quiet-close.js";
import { OutcomeTurns } from "./outcome-turns.js";
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
export class SessionReceiver implements Receiver, SessionHost {
  readonly #lease: ClientLease;
  readonly #path: EntityPath;
  readonly #deadline: Deadline;
  readonly #turns: OutcomeTurns;
  readonly #options: SessionOptions;
  readonly #handoff = new Handoff<MessageDelivery>();
  readonly #held = new Map<string, HeldSession>();
  readonly #sessionOf = new WeakMap<MessageDelivery, HeldSession>();
  /** Opens no link: it looks at what waits. */
  #browser: ServiceBusReceiver | undefined;
  #accepting = false;
  /** Of the last receive: while it is aborted nobody asks for more. */
  #signal: AbortSignal | undefined;
  /** Sessions in a row whose link broke before anything of them came. */
  #fruitless = 0;
  readonly #closing = new Set<Promise<void>>();
  #closed = false;

  constructor(lease: ClientLease, path: EntityPath, deadline: Deadline, options: SessionOptions) {
    this.#lease = lease;
    this.#path = path;
    this.#deadline = deadline;
    this.#turns = new OutcomeTurns(deadline.runtime);
    this.#options = options;
  }

  receive(max: number, signal: AbortSignal): MaybePromise<readonly Delivery[]> {
    if (this.#closed) return [];
    this.#signal = signal;
    const got = this.#handoff.receive(max, signal, () => {
      this.#pause();
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
        found.push(this.#deliver(session, message));
      }
      this.#watchLock(session);
      this.#watchIdle(session);
    }
    return found;
  }

  /** While it holds as many sessions as it may, those of other messages wait for their turn. */
  async backlog(): Promise<BacklogEvidence | undefined> {
    if (this.#held.size >= this.#options.lanes) return undefined;
    return look({
      deadline: this.#deadline,
      browser: (this.#browser ??= createReceiver(this.#lease.client, this.#path)),
      doing: `cannot look at "${textOf(this.#path)}"`,
      last: undefined,
      isOwn: ({ sessionId }) => (this.#held.get(sessionId ?? "")?.open.size ?? 0) > 0,
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#handoff.close();
    for (const session of this.#held.values()) this.#giveUp(session);
    // An accept that is under way is not waited for: it takes as long as there is no session, and gives back what it gets.
    await Promise.all(this.#closing);
    await this.#lease.release();
  }

  message(session: HeldSession, message: ServiceBusReceivedMessage): void {
    this.#fruitless = 0;
    this.#handoff.push(this.#deliver(session, message));
    this.#watchIdle(session);
  }

  lost(session: HeldSession, error: unknown): void {
    if (!session.brought) this.#fruitless += 1;
    this.#lose(session, mapError(error, `session "${session.id}" of "${textOf(this.#path)}" is lost`));
  }

  /** Asks the sessions that are held for their next messages, and the service for one session more. */
  #ask(): void {
    this.#handoff.ask(
      () => {
        for (const session of this.#held.values()) session.want();
        this.#accept();
      },
      (error) => mapError(error, `cannot receive from "${textOf(this.#path)}"`),
    );
  }

  /** Asks for one more session, if one more may be held and somebody waits. */
  #accept(): void {
    if (this.#accepting || this.#closed) return;
    if (!this.#handoff.waiting || this.#held.size >= this.#options.lanes) return;
    this.#accepting = true;
    if (this.#fruitless >= fruitlessAtOnce)
      this.#deadline.runtime.after(fruitlessMs, () => this.#acceptOne());
    else this.#acceptOne();
  }

  #acceptOne(): void {
    if (this.#closed) return;
    void this.#acceptNext().then((again) => {
      if (again) this.#accepted();
      else
        this.#deadline.runtime.after(acceptAgainMs, () => {
          this.#accepted();
        });
    });
  }

  #accepted(): void {
    this.#accepting = false;
    this.#accept();
  }

  /** Answers whether to go on at once. */
  async #acceptNext(): Promise<boolean> {
    const doing = `cannot accept a session of "${textOf(this.#path)}"`;
    try {
      const link = await withinAborting(
        { ...this.#deadline, operationMs: acceptMs },
        doing,
        (signal) => acceptSession(this.#lease.client, this.#path, undefined, signal),
        (late) => void late.close().catch(() => undefined),
      );
      // Nobody asks any more: the session is for somebody else.
      if (this.#closed || this.#signal?.aborted === true) this.#closeLink(link);
      else this.#welcome(this.#hold(link));
      return true;
    } catch (error) {
      const mapped = mapError(error, doing);
      // No session has messages: that is the rule, and the wish is repeated.
      if (mapped.code === "timeout") return true;
      if (mapped.code !== "busy" && !this.#closed) this.#handoff.fail(mapped);
      return mapped.code !== "busy";
    }
  }

  /** Whoever waited may have been answered by another session meanwhile, and will ask this one next. */
  #welcome(session: HeldSession): void {
    if (this.#handoff.waiting) session.want();
  }

  #hold(link: ServiceBusSessionReceiver): HeldSession {
    const session = new HeldSession(link, this.#options.perLane, this);
    this.#held.set(session.id, session);
    this.#watchIdle(session);
    return session;
  }

  #deliver(session: HeldSession, message: ServiceBusReceivedMessage): MessageDelivery {
    const delivery = new MessageDelivery(message, session.id, () => session.lockedUntilMs);
    session.open.add(delivery);
    this.#sessionOf.set(delivery, session);
    return delivery;
  }

  async #settle({ delivery, action }: SettleRequest): Promise<WaybillError | undefined> {
    const doing = `cannot ${action.kind} a message of "${textOf(this.#path)}"`;
    try {
      const own = ownDelivery(delivery);
      const session = this.#sessionOf.get(own);
      if (session === undefined || session.ended) return this.#lost(delivery);
      try {
        await within(this.#deadline, doing, () =>
          this.#turns.settle(action.kind, () => settleMessage(session.link, own.native, action)),
        );
      } finally {
        session.open.delete(own);
        this.#goOn(session);
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

  /** Something of the session was settled. */
  #goOn(session: HeldSession): void {
    if (this.#handoff.waiting) session.want();
    if (this.#signal?.aborted === true && session.open.size === 0) this.#giveUp(session);
    else this.#watchIdle(session);
  }

  /** Gives the session up when no handler has anything of it for a while, for the next one to be held. */
  #watchIdle(session: HeldSession): void {
    session.idle?.cancel();
    if (session.ended) return;
    session.idle = this.#deadline.runtime.after(this.#options.sessionIdleMs, () => {
      if (this.#isInUse(session)) return;
      // Not taken for so long, it will not be: closing the session puts it back uncounted.
      this.#handoff.forget((delivery) => session.open.delete(delivery));
      this.#giveUp(session);
      this.#accept();
    });
  }

  /** Whether somebody has a delivery of the session: then what waits behind it stays, or later ones would overtake it. */
  #isInUse({ open }: HeldSession): boolean {
    let untaken = 0;
    this.#handoff.forget((delivery) => {
      if (open.has(delivery)) untaken += 1;
      return false;
    });
    return open.size > untaken;
  }

  /** Of the loss of a session that has asked for nothing yet, the SDK tells nobody. */
  #watchLock(session: HeldSession): void {
    session.expiry?.cancel();
    if (session.ended || session.listens) return;
    const { runtime } = this.#deadline;
    session.expiry = runtime.after(Math.max(0, session.lockedUntilMs - runtime.now()), () => {
      if (session.lockedUntilMs > runtime.now()) this.#watchLock(session);
      else if (!session.listens) this.#lose(session, lockEnded(session, this.#path));
    });
  }

  #pause(): void {
    for (const untaken of this.#handoff.takeBack()) this.#sessionOf.get(untaken)?.open.delete(untaken);
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
    closeQuietly(link);
    const closing = closed(this.#deadline, "close a session", () => link.close()).then(() => {
      this.#closing.delete(closing);
    });
    this.#closing.add(closing);
  }

  async #acceptNamed(id: string): Promise<HeldSession> {
    const doing = `cannot take session "${id}" of "${textOf(this.#path)}"`;
    try {
      return this.#hold(
        await withinAborting(
          this.#deadline,
          doing,
          (signal) => acceptSession(this.#lease.client, this.#path, id, signal),
          (late) => void late.close().catch(() => undefined),
        ),
      );
    } catch (error) {
      throw mapError(error, doing);
    }
  }

  /** The session of a deferred message, which only a look at the queue can tell. */
  async #sessionIdOf(sequenceNumber: string): Promise<string | undefined> {
    const browser = createReceiver(this.#lease.client, this.#path);
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

const lockEnded = ({ id }: HeldSession, path: EntityPath): WaybillError =>
  new WaybillError("lockLost", `session "${id}" of "${textOf(path)}" is lost: its lock ran out`);

/** The service itself keeps a wish for a session for at most 65 seconds. */
const acceptMs = 70_000;

/**
 * A session whose head the SDK cannot decode takes its connection down each time it is held, and is free at once: asked for
 * again and again it would be a storm of connections.
 */
const fruitlessAtOnce = 2;
const fruitlessMs = 10_000;

/** Until the wish is repeated when the service refuses it at once. */
const acceptAgainMs = 1_000;
