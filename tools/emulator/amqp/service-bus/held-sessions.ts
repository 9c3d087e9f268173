import type { SessionReceiver } from "../../../../adapters/memory/broker/session-receiver.js";
import { sessionLockLost } from "../../../../adapters/memory/broker/refusals.js";

/** The sessions that one connection holds, for the operations that name a session instead of a link. */
export class HeldSessions {
  readonly #receivers = new Map<string, SessionReceiver>();

  add(address: string, receiver: SessionReceiver): void {
    this.#receivers.set(keyOf(address, receiver.sessionId), receiver);
  }

  /** Does nothing when another receiver holds the session by now. */
  remove(address: string, receiver: SessionReceiver): void {
    const key = keyOf(address, receiver.sessionId);
    if (this.#receivers.get(key) === receiver) this.#receivers.delete(key);
  }

  /** @throws {BrokerError} `com.microsoft:session-lock-lost` */
  get(address: string, sessionId: string): SessionReceiver {
    const receiver = this.#receivers.get(keyOf(address, sessionId));
    if (receiver === undefined) throw sessionLockLost();
    return receiver;
  }
}

/** Letter case means nothing in an address, and much in the id of a session. */
const keyOf = (address: string, sessionId: string): string =>
  JSON.stringify([address.toLowerCase(), sessionId]);
