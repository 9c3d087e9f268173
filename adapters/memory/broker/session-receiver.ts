import { cancelRequest, findSession, holdSession, renewSession, requestSession } from "./accept-session.js";
import type { Attachment } from "./attachment.js";
import { standardMessageBytes } from "./entity-options.js";
import { flush } from "./flush.js";
import type { Kernel } from "./kernel.js";
import { attach, Receiver, type ReceiverOptions } from "./receiver.js";
import { quotaExceeded, sessionLockLost, tooLarge } from "./refusals.js";
import type { SessionRequest } from "./session-request.js";
import type { Session } from "./session.js";
import { release, type MessageStore } from "./store.js";

/**
 * The holder of one session: gets its present and later messages, in order and alone. Once the session's lock is lost,
 * everything throws {@link BrokerError} `com.microsoft:session-lock-lost`.
 */
export class SessionReceiver extends Receiver {
  readonly sessionId: string;
  readonly #kernel: Kernel;
  readonly #session: Session;
  readonly #attachment: Attachment;

  constructor(kernel: Kernel, session: Session, attachment: Attachment) {
    super(kernel, attachment);
    this.sessionId = session.id;
    this.#kernel = kernel;
    this.#session = session;
    this.#attachment = attachment;
  }

  /** The end of the session's lock, which is also that of its messages. */
  get sessionLockedUntilMs(): number {
    return this.#kernel.startMs + this.#session.lockedUntilMs;
  }

  /** Makes the session's lock, and those of its messages, last the lock duration from now; returns the new end. */
  renewSessionLock(): number {
    this.#requireLock();
    return renewSession(this.#kernel, this.#session);
  }

  /** `null` if there is none. The bytes are not copied. */
  getSessionState(): Uint8Array | null {
    this.#requireLock();
    return this.#session.state;
  }

  /**
   * Outlives the session's messages; `null` clears it.
   * @throws {BrokerError} `amqp:link:message-size-exceeded`, `amqp:resource-limit-exceeded`
   */
  setSessionState(state: Uint8Array | null): void {
    this.#requireLock();
    storeState(this.#kernel, this.#session, state);
    flush(this.#kernel);
  }

  #requireLock(): void {
    if (this.#session.holder !== this.#attachment) throw sessionLockLost();
  }
}

/** @throws {BrokerError} `com.microsoft:session-cannot-be-locked`, `com.microsoft:timeout` (see `findSession`) */
export function acceptSession(
  kernel: Kernel,
  store: MessageStore,
  sessionId: string | null,
  options: ReceiverOptions,
): SessionReceiver {
  return hold(kernel, findSession(kernel, store, sessionId), options);
}

/** Calls `accepted` once, when a session becomes available. Returns what takes the wish back. */
export function waitForSession(
  kernel: Kernel,
  store: MessageStore,
  options: ReceiverOptions,
  accepted: (receiver: SessionReceiver) => void,
): () => void {
  const request: SessionRequest = {
    accept: (session) => {
      accepted(hold(kernel, session, options));
    },
    waiting: false,
    prev: undefined,
    next: undefined,
  };
  requestSession(kernel, store, request);
  flush(kernel);
  return () => {
    cancelRequest(store, request);
  };
}

function hold(kernel: Kernel, session: Session, options: ReceiverOptions): SessionReceiver {
  const attachment = attach(session.lane, options);
  holdSession(kernel, session, attachment);
  return new SessionReceiver(kernel, session, attachment);
}

const premiumStateBytes = 100 * 1024 * 1024;

function storeState(kernel: Kernel, session: Session, state: Uint8Array | null): void {
  const { store } = session.lane;
  const limitBytes = kernel.tier === "standard" ? standardMessageBytes : premiumStateBytes;
  const sizeBytes = state?.byteLength ?? 0;
  if (sizeBytes > limitBytes) throw tooLarge(sizeBytes, limitBytes);
  const growth = sizeBytes - (session.state?.byteLength ?? 0);
  const { usedBytes, maxBytes } = store.quota;
  if (growth > 0 && usedBytes + growth > maxBytes) throw quotaExceeded(store.path, usedBytes, maxBytes);
  release(kernel, store.quota, -growth);
  session.state = state;
  session.stateUpdatedMs = kernel.startMs + kernel.wheel.nowMs();
}
