import {
  WaybillError,
  type BacklogEvidence,
  type Delivery,
  type MaybePromise,
  type Receiver,
  type ReceiverOptions,
  type SettleRequest,
} from "../../src/transport/index.js";
import type { BrokerError } from "./broker/broker-error.js";
import type { SessionReceiver as BrokerSession } from "./broker/session-receiver.js";
import { mapError } from "./map-error.js";
import { MessageDelivery } from "./message-delivery.js";
import { deferred, ownDelivery, waiting } from "./receiver.js";
import { settleMessage } from "./settle-message.js";
import { WaitingReceive } from "./waiting-receive.js";
import type { World } from "./world.js";

/** A session that this receiver holds: nobody else gets its messages. */
interface HeldSession {
  readonly broker: BrokerSession;
  /** Its deliveries that are not settled. */
  readonly open: Set<MessageDelivery>;
}

/**
 * Receives from a queue or a subscription with sessions: holds up to `lanes` of them, each with up to `perLane`
 * unsettled deliveries.
 *
 * A session is given up as soon as a look at it finds it drained, so that it may wander between receivers; the next
 * message takes it again. Its lock is renewed with that of any of its deliveries.
 */
export class SessionReceiver implements Receiver {
  readonly #world: World;
  readonly #address: string;
  readonly #options: ReceiverOptions;
  readonly #held = new Map<string, HeldSession>();
  readonly #waiting = new WaitingReceive();
  /** Takes back the wish for one more session. */
  #withdraw: (() => void) | undefined;
  /** Of the last receive: while it is aborted nobody asks for more. */
  #signal: AbortSignal | undefined;
  #closed = false;

  constructor(world: World, address: string, options: ReceiverOptions) {
    this.#world = world;
    this.#address = address;
    this.#options = options;
  }

  receive(max: number, signal: AbortSignal): MaybePromise<readonly Delivery[]> {
    if (this.#closed) return [];
    this.#heed(signal);
    this.#world.clock.catchUp();
    const taken = this.#take(max);
    if (taken.length > 0 || signal.aborted) return taken;
    const answer = this.#waiting.wait(max, signal, () => {
      this.#stopListening();
    });
    this.#listen();
    return answer;
  }

  settle(requests: readonly SettleRequest[]): readonly (WaybillError | undefined)[] {
    this.#world.clock.catchUp();
    const answers = requests.map(({ delivery, action }) => {
      try {
        const own = ownDelivery(delivery);
        const session = this.#sessionOf(own);
        session?.open.delete(own);
        settleMessage(own.receiver, own.native, action);
        return undefined;
      } catch (error) {
        return this.#refused(error, action.kind);
      }
    });
    if (this.#signal?.aborted === true) this.#giveUpIdle();
    this.#serve();
    return answers;
  }

  renew(deliveries: readonly Delivery[]): readonly (number | WaybillError)[] {
    this.#world.clock.catchUp();
    const renewed = new Map<HeldSession, number>();
    return deliveries.map((delivery) => {
      try {
        const own = ownDelivery(delivery);
        const session = this.#sessionOf(own);
        // The receiver that took it says why its session is gone.
        if (session === undefined) return own.receiver.renewLock(own.native);
        const untilMs = renewed.get(session) ?? session.broker.renewSessionLock();
        renewed.set(session, untilMs);
        return untilMs;
      } catch (error) {
        return this.#refused(error, "renew the lock of");
      }
    });
  }

  sessionState(delivery: Delivery): Uint8Array | undefined {
    this.#world.clock.catchUp();
    try {
      const state = this.#brokerOf(delivery).getSessionState();
      // A copy: what the caller does to the bytes is not kept.
      return state === null ? undefined : Buffer.from(state);
    } catch (error) {
      throw this.#refused(error, "read the session state of");
    }
  }

  setSessionState(delivery: Delivery, state: Uint8Array | undefined): void {
    this.#world.clock.catchUp();
    try {
      this.#brokerOf(delivery).setSessionState(state === undefined ? null : Buffer.from(state));
    } catch (error) {
      throw this.#refused(error, "keep the session state of");
    }
  }

  /** While it holds as many sessions as it may, those of other messages wait for their turn. */
  backlog(): BacklogEvidence | undefined {
    return this.#held.size >= this.#options.lanes ? undefined : waiting(this.#world, this.#address);
  }

  /**
   * Takes the sessions of the messages with them.
   * @throws {WaybillError} `busy` if another receiver holds one of these sessions.
   */
  receiveDeferred(sequenceNumbers: readonly string[]): readonly Delivery[] {
    this.#world.clock.catchUp();
    const found = sequenceNumbers.flatMap((number) => this.#takeDeferred(Number(number)));
    this.#world.clock.arm();
    return found;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting.answer([]);
    for (const { broker } of this.#held.values()) broker.close();
    this.#held.clear();
    this.#world.clock.arm();
  }

  /** Whether a receive waits or not: when nobody asks any more, idle sessions are for others. */
  #heed(signal: AbortSignal): void {
    if (signal === this.#signal) return;
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#giveUpIdle(), { once: true });
  }

  #take(max: number): readonly Delivery[] {
    const taken: MessageDelivery[] = [];
    for (const session of this.#held.values()) this.#takeFrom(session, max, taken);
    while (taken.length < max && this.#held.size < this.#options.lanes) {
      const session = this.#acceptNext();
      if (session === undefined) break;
      this.#takeFrom(session, max, taken);
    }
    this.#world.clock.arm();
    return taken;
  }

  #takeFrom(session: HeldSession, max: number, taken: MessageDelivery[]): void {
    const { broker, open } = session;
    const room = Math.min(this.#options.perLane - open.size, max - taken.length);
    // The broker may have ended the session, and be about to say so.
    if (room <= 0 || broker.closed) return;
    for (const native of broker.take(room)) {
      const delivery = new MessageDelivery(native, broker, broker.sessionId);
      open.add(delivery);
      taken.push(delivery);
    }
    if (open.size === 0) this.#giveUp(session);
  }

  /** The session that has waited longest for a receiver, if there is one now. */
  #acceptNext(): HeldSession | undefined {
    let accepted: HeldSession | undefined;
    const withdraw = this.#wish((session) => {
      accepted = session;
    });
    withdraw();
    return accepted;
  }

  #wish(granted: (session: HeldSession) => void): () => void {
    let session: HeldSession | undefined;
    const onDetach = (error: BrokerError): void => {
      if (session !== undefined) this.#lose(session, error);
    };
    try {
      return this.#world.broker.waitForSession(this.#address, { onDetach }, (broker) => {
        session = this.#hold(broker);
        granted(session);
      });
    } catch (error) {
      throw mapError(error, `cannot read "${this.#address}"`);
    }
  }

  #hold(broker: BrokerSession): HeldSession {
    const session: HeldSession = { broker, open: new Set() };
    this.#held.set(broker.sessionId, session);
    return session;
  }

  #listen(): void {
    const serve = (): void => {
      this.#serve();
    };
    for (const { broker, open } of this.#held.values()) {
      if (open.size < this.#options.perLane && !broker.closed) broker.onAvailable(serve);
    }
    if (this.#held.size >= this.#options.lanes || !this.#waiting.pending) return;
    let granted = false;
    const withdraw = this.#wish(() => {
      granted = true;
      serve();
    });
    // Granted at once, it is no wish any more, and serving it may have made another.
    if (!granted) this.#withdraw = withdraw;
  }

  #stopListening(): void {
    this.#withdraw?.();
    this.#withdraw = undefined;
    for (const { broker } of this.#held.values()) if (!broker.closed) broker.onAvailable(undefined);
  }

  /** Looks again for the receive that waits, if one does: something has changed. */
  #serve(): void {
    if (!this.#waiting.pending) return;
    this.#stopListening();
    const taken = this.#take(this.#waiting.max);
    if (taken.length > 0) this.#waiting.answer(taken);
    else this.#listen();
  }

  #giveUpIdle(): void {
    for (const session of this.#held.values()) if (session.open.size === 0) this.#giveUp(session);
  }

  #giveUp(session: HeldSession): void {
    this.#held.delete(session.broker.sessionId);
    session.broker.close();
  }

  /** The broker took the session away: its lock ran out. */
  #lose(session: HeldSession, error: BrokerError): void {
    if (this.#held.get(session.broker.sessionId) === session) this.#held.delete(session.broker.sessionId);
    const lost = mapError(error, `session "${session.broker.sessionId}" of "${this.#address}" is lost`);
    for (const delivery of session.open) this.#options.onLost(delivery, lost);
    this.#serve();
  }

  #sessionOf({ lane, receiver }: MessageDelivery): HeldSession | undefined {
    const session = this.#held.get(lane ?? "");
    return session?.broker === receiver ? session : undefined;
  }

  /** The session of a delivery that this receiver holds. @throws {WaybillError} `lockLost` */
  #brokerOf(delivery: Delivery): BrokerSession {
    const session = this.#sessionOf(ownDelivery(delivery));
    if (session !== undefined) return session.broker;
    throw new WaybillError(
      "lockLost",
      `session "${delivery.lane ?? ""}" of "${this.#address}" is not held any more`,
    );
  }

  #takeDeferred(sequenceNumber: number): readonly MessageDelivery[] {
    const { broker } = this.#world;
    const [seen] = broker.peek(this.#address, { fromSequenceNumber: sequenceNumber });
    const id = seen?.sequenceNumber === sequenceNumber ? seen.message.sessionId : undefined;
    if (id === undefined) return [];
    const session = this.#held.get(id) ?? this.#acceptNamed(id);
    const found = deferred(session.broker, sequenceNumber, id);
    for (const delivery of found) session.open.add(delivery);
    if (session.open.size === 0) this.#giveUp(session);
    return found;
  }

  #acceptNamed(id: string): HeldSession {
    let session: HeldSession | undefined;
    const onDetach = (error: BrokerError): void => {
      if (session !== undefined) this.#lose(session, error);
    };
    try {
      session = this.#hold(this.#world.broker.acceptSession(this.#address, id, { onDetach }));
      return session;
    } catch (error) {
      throw mapError(error, `cannot take session "${id}" of "${this.#address}"`);
    }
  }

  #refused(error: unknown, doing: string): WaybillError {
    return mapError(error, `cannot ${doing} a message of "${this.#address}"`);
  }
}
