import type { ServiceBusReceivedMessage, ServiceBusSessionReceiver } from "@azure/service-bus";
import {
  WaybillError,
  type Deadline,
  type Delivery,
  type Handoff,
  type ReceiverOptions,
} from "../../src/transport/index.js";
import { closed } from "./closing.js";
import { textOf, type EntityPath } from "./entity-path.js";
import { HeldSession, type SessionHost } from "./held-session.js";
import { mapError } from "./map-error.js";
import { MessageDelivery } from "./message-delivery.js";
import { closeQuietly } from "./quiet-close.js";

/** How a session receiver goes about its sessions. */
export interface SessionOptions extends Pick<ReceiverOptions, "lanes" | "perLane" | "onLost"> {
  readonly sessionIdleMs: number;
}

/** What held sessions stand on. */
export interface HeldSessionsParts {
  readonly path: EntityPath;
  readonly deadline: Deadline;
  readonly options: SessionOptions;
  readonly handoff: Handoff<MessageDelivery>;
  /** Something of a session came. */
  readonly bore: () => void;
  /** The link of a session broke before anything of it came. */
  readonly wasFruitless: () => void;
  /** One session less is held, and another one may be. */
  readonly freed: () => void;
}

/**
 * The sessions that a receiver holds, and the deliveries of each: from the grant until they are given up, idle, or lost.
 * Closing the link of a session puts back, uncounted, what it holds.
 */
export class HeldSessions implements SessionHost {
  readonly #parts: HeldSessionsParts;
  readonly #held = new Map<string, HeldSession>();
  readonly #sessionOf = new WeakMap<MessageDelivery, HeldSession>();
  readonly #closing = new Set<Promise<void>>();

  constructor(parts: HeldSessionsParts) {
    this.#parts = parts;
  }

  /** Whether there are as many as may be. */
  get full(): boolean {
    return this.#held.size >= this.#parts.options.lanes;
  }

  /** The one of that id, if it is held. */
  named(id: string): HeldSession | undefined {
    return this.#held.get(id);
  }

  /** The one of a delivery, while it is held. */
  of(delivery: MessageDelivery): HeldSession | undefined {
    const session = this.#sessionOf.get(delivery);
    return session?.ended === false ? session : undefined;
  }

  /** Asks all of them for their next messages. */
  want(): void {
    for (const session of this.#held.values()) session.want();
  }

  hold(link: ServiceBusSessionReceiver): HeldSession {
    const session = new HeldSession(link, this.#parts.options.perLane, this);
    this.#held.set(session.id, session);
    this.#watchIdle(session);
    return session;
  }

  deliver(session: HeldSession, message: ServiceBusReceivedMessage): MessageDelivery {
    const delivery = new MessageDelivery(message, session);
    session.open.add(delivery);
    this.#sessionOf.set(delivery, session);
    return delivery;
  }

  /** Deferred messages of it were fetched, if there were any. */
  fetched(session: HeldSession): void {
    this.#watchLock(session);
    this.#watchIdle(session);
  }

  /** Something of the session was settled; `over` when nobody asks for more. */
  settled(session: HeldSession, delivery: MessageDelivery, over: boolean): void {
    session.open.delete(delivery);
    if (this.#parts.handoff.waiting) session.want();
    if (over && session.open.size === 0) this.#giveUp(session);
    else this.#watchIdle(session);
  }

  message(session: HeldSession, message: ServiceBusReceivedMessage): void {
    this.#parts.bore();
    this.#parts.handoff.push(this.deliver(session, message));
    this.#watchIdle(session);
  }

  lost(session: HeldSession, error: unknown): void {
    if (!session.brought) this.#parts.wasFruitless();
    this.#lose(session, mapError(error, `session "${session.id}" of "${textOf(this.#parts.path)}" is lost`));
  }

  /** Nobody asks any more: gives up those of which nobody has anything. */
  pause(): void {
    for (const untaken of this.#parts.handoff.takeBack()) this.#sessionOf.get(untaken)?.open.delete(untaken);
    for (const session of this.#held.values()) if (session.open.size === 0) this.#giveUp(session);
  }

  /** Gives all of them up. */
  async close(): Promise<void> {
    for (const session of this.#held.values()) this.#giveUp(session);
    await Promise.all(this.#closing);
  }

  closeLink(link: ServiceBusSessionReceiver): void {
    closeQuietly(link);
    const closing = closed(this.#parts.deadline, "close a session", () => link.close()).then(() => {
      this.#closing.delete(closing);
    });
    this.#closing.add(closing);
  }

  /** For a delivery whose session is not held any more. */
  lostError({ lane }: Delivery): WaybillError {
    return new WaybillError(
      "lockLost",
      `session "${lane ?? ""}" of "${textOf(this.#parts.path)}" is not held any more`,
    );
  }

  /** Gives the session up when no handler has anything of it for a while, for the next one to be held. */
  #watchIdle(session: HeldSession): void {
    session.idle?.cancel();
    if (session.ended) return;
    const { deadline, options, handoff, freed } = this.#parts;
    session.idle = deadline.runtime.after(options.sessionIdleMs, () => {
      if (this.#isInUse(session)) return;
      // Not taken for so long, it will not be: closing the session puts it back uncounted.
      handoff.forget((delivery) => session.open.delete(delivery));
      this.#giveUp(session);
      freed();
    });
  }

  /** Whether somebody has a delivery of the session: then what waits behind it stays, or later ones would overtake it. */
  #isInUse({ open }: HeldSession): boolean {
    let untaken = 0;
    this.#parts.handoff.forget((delivery) => {
      if (open.has(delivery)) untaken += 1;
      return false;
    });
    return open.size > untaken;
  }

  /** Of the loss of a session that has asked for nothing yet, the SDK tells nobody. */
  #watchLock(session: HeldSession): void {
    session.expiry?.cancel();
    if (session.ended || session.listens) return;
    const { path, deadline } = this.#parts;
    const { runtime } = deadline;
    session.expiry = runtime.after(Math.max(0, session.lockedUntilMs - runtime.now()), () => {
      if (session.lockedUntilMs > runtime.now()) this.#watchLock(session);
      else if (!session.listens) this.#lose(session, lockEnded(session, path));
    });
  }

  #giveUp(session: HeldSession): void {
    if (session.ended) return;
    this.#held.delete(session.id);
    session.end();
    this.closeLink(session.link);
  }

  /** The service took the session away: its lock ran out, or its link broke. */
  #lose(session: HeldSession, error: WaybillError): void {
    if (session.ended) return;
    this.#held.delete(session.id);
    const lost = new Set(session.end());
    this.#parts.handoff.forget((delivery) => lost.has(delivery));
    for (const delivery of lost) this.#parts.options.onLost(delivery, error);
    this.closeLink(session.link);
    this.#parts.freed();
  }
}

const lockEnded = ({ id }: HeldSession, path: EntityPath): WaybillError =>
  new WaybillError("lockLost", `session "${id}" of "${textOf(path)}" is lost: its lock ran out`);
