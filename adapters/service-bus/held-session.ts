import type { ServiceBusSessionReceiver } from "@azure/service-bus";
import type { TimerHandle } from "../../src/transport/index.js";
import type { MessageDelivery } from "./message-delivery.js";

/** A session that a receiver holds: nobody else gets its messages. */
export class HeldSession {
  readonly link: ServiceBusSessionReceiver;
  /** Here, and not settled; whether a handler has them or they wait to be asked for. */
  readonly open = new Set<MessageDelivery>();
  /** Runs while nothing of the session is here. */
  idle: TimerHandle | undefined;
  ended = false;

  constructor(link: ServiceBusSessionReceiver) {
    this.link = link;
  }

  get id(): string {
    return this.link.sessionId;
  }

  get lockedUntilMs(): number {
    return this.link.sessionLockedUntilUtc.getTime();
  }

  /** Forgets what is here, so that the SDK's callbacks end. */
  end(): readonly MessageDelivery[] {
    this.ended = true;
    this.idle?.cancel();
    const left = [...this.open];
    this.open.clear();
    for (const delivery of left) delivery.done();
    return left;
  }
}
