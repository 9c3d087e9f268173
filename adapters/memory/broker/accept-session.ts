import type { Attachment } from "./attachment.js";
import { expire } from "./expiry.js";
import { giveBack } from "./give-back.js";
import { touch, type Kernel } from "./kernel.js";
import { firstReady } from "./lane.js";
import { append, unlink } from "./linked-list.js";
import { noSessionInTime, sessionHeld } from "./refusals.js";
import type { SessionRequest } from "./session-request.js";
import type { Session } from "./session.js";
import { forgetIdleSession, sessionOf, withdrawOffer, type MessageStore } from "./store.js";

/**
 * The session `id`, or with `null` the one that has waited longest, if nobody holds it.
 *
 * @throws {BrokerError} `com.microsoft:session-cannot-be-locked`, or for `null` `com.microsoft:timeout`
 */
export function findSession(kernel: Kernel, store: MessageStore, id: string | null): Session {
  if (id === null) {
    const session = nextOffered(kernel, store);
    if (session === undefined) throw noSessionInTime();
    return session;
  }
  const session = sessionOf(store, id);
  if (session.holder !== undefined) throw sessionHeld(id);
  return session;
}

/** Gives the session with all its present and later messages to `holder` alone. */
export function holdSession(kernel: Kernel, session: Session, holder: Attachment): void {
  withdrawOffer(session);
  session.holder = holder;
  renewSession(kernel, session);
}

/** Makes the session's lock last the entity's lock duration from now, and returns its end. */
export function renewSession(kernel: Kernel, session: Session): number {
  session.lockedUntilMs = kernel.wheel.nowMs() + session.lane.store.settings.lockDurationMs;
  kernel.wheel.arm(session, session.lockedUntilMs);
  return kernel.startMs + session.lockedUntilMs;
}

/**
 * Ends the lock of a session and of its messages. Messages of a lock that ran out count as failed deliveries, those of a
 * session that was closed do not.
 */
export function releaseSession(kernel: Kernel, session: Session, { counted }: { counted: boolean }): void {
  const { lane } = session;
  kernel.wheel.cancel(session);
  session.holder = undefined;
  session.lockedUntilMs = 0;
  for (let record = lane.locked.head; record !== undefined; record = lane.locked.head) {
    giveBack(kernel, record, { counted });
  }
  forgetIdleSession(session);
  touch(kernel, lane);
}

/** Gives a session that nobody holds to the first who waits for one, or lists it for the next who asks. */
export function offerSession(kernel: Kernel, session: Session): void {
  const { store } = session.lane;
  if (session.holder !== undefined || !hasLiveMessage(kernel, session)) return;
  const request = store.sessionRequests.head;
  if (request === undefined) {
    if (session.offered) return;
    session.offered = true;
    append(store.offered, session);
    return;
  }
  cancelRequest(store, request);
  request.accept(session);
}

export function requestSession(kernel: Kernel, store: MessageStore, request: SessionRequest): void {
  request.waiting = true;
  append(store.sessionRequests, request);
  // Through the pending work, so that the caller has its cancel function before it gets a session.
  const session = nextOffered(kernel, store);
  if (session !== undefined) touch(kernel, session.lane);
}

export function cancelRequest(store: MessageStore, request: SessionRequest): void {
  if (!request.waiting) return;
  request.waiting = false;
  unlink(store.sessionRequests, request);
}

/** Takes the first offered session that still has something to deliver. */
function nextOffered(kernel: Kernel, store: MessageStore): Session | undefined {
  for (let session = store.offered.head; session !== undefined; session = store.offered.head) {
    withdrawOffer(session);
    if (hasLiveMessage(kernel, session)) return session;
  }
  return undefined;
}

/** Sweeps the session if its first message has expired: nobody should be given a session with nothing in it. */
function hasLiveMessage(kernel: Kernel, session: Session): boolean {
  const { lane } = session;
  const first = firstReady(lane);
  if (first?.hasExpired(kernel.wheel.nowMs()) === true) expire(kernel, first);
  return lane.readyCount > 0;
}
