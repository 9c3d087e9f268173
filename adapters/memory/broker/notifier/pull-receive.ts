import { DueNode } from "./agenda.js";
import type { NotifierContext } from "./context.js";
import { within } from "./pull-options.js";
import type { PullDelivery, PullSubscription } from "./pull-subscription.js";
import type { Cancel } from "./waiters.js";

/** Options of one receive. */
export interface ReceiveOptions {
  /** At most this many events, 1 to 100. Default 1. */
  readonly maxEvents?: number;
  /** How long to wait for the first event, 10 to 120. Default 60. */
  readonly maxWaitSeconds?: number;
}

/**
 * Receives like the REST operation: replies once, as soon as an event is available, or with nothing when the wait is
 * over or the subscription is deleted. The returned function gives the wait up without a reply.
 * @throws {BrokerError} `badRequest` for a number out of its bounds.
 */
export function receive(
  context: NotifierContext,
  subscription: PullSubscription,
  options: ReceiveOptions,
  reply: (deliveries: readonly PullDelivery[]) => void,
): Cancel {
  const maxEvents = within("maxEvents", options.maxEvents ?? 1, 1, 100);
  const waitMs = within("maxWaitTime", options.maxWaitSeconds ?? 60, 10, 120) * 1_000;
  const wait = new ReceiveWait(() => {
    cancelWake();
    reply([]);
  });
  context.agenda.schedule(wait, context.agenda.nowMs + waitMs);
  const cancelWake = subscription.onAvailable(() => {
    context.agenda.cancel(wait);
    reply(subscription.isDeleted ? [] : subscription.take(maxEvents));
  });
  return () => {
    context.agenda.cancel(wait);
    cancelWake();
  };
}

class ReceiveWait extends DueNode {
  constructor(readonly timeOut: () => void) {
    super();
  }

  override fire(): void {
    this.timeOut();
  }
}
