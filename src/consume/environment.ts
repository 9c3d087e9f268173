import type { ClaimCheck } from "../claim-check/claim-check.js";
import type { Target } from "../contracts/channel.js";
import type { ScheduledSendOptions } from "../contracts/send-options.js";
import type { EventDelivery, EventListener } from "../policy/app-event.js";
import type { RecoveryAbilities } from "../policy/decide.js";
import type { Runtime } from "../runtime/runtime.js";
import type { IdempotencyStore } from "../store/idempotency-store.js";
import type { ReceiverFeatures } from "../transport/capabilities.js";
import type { MaybePromise, Outgoing, Receiver, SendResult, Source } from "../transport/transport.js";
import type { AroundHook } from "./around.js";
import type { ConsumerSpec } from "./consumer-spec.js";
import type { PutBackLog } from "./put-back-log.js";

/** What a consumer works with: everything that its steps share and nothing that belongs to one delivery. */
export interface Consumer {
  readonly spec: ConsumerSpec;
  readonly service: string;
  readonly source: Source;
  readonly receiver: Receiver;
  readonly features: ReceiverFeatures;
  readonly can: RecoveryAbilities;
  readonly runtime: Runtime;
  readonly deps: unknown;
  readonly outbound: Outbound;
  readonly idempotency: IdempotencyStore | undefined;
  readonly claimCheck: ClaimCheck | undefined;
  /** Only of queues that count what is put back. */
  readonly putBacks: PutBackLog | undefined;
  readonly around: readonly AroundHook[];
  /** Absent if nobody listens. */
  readonly emit: EventListener | undefined;
  /** Tells a warning, the first time. */
  warnOnce(text: string): void;
}

/** The walk out, as the walk back sees it. */
export interface Outbound {
  prepare(
    target: Target,
    data: unknown,
    options: ScheduledSendOptions,
    origin: OutboundOrigin,
  ): MaybePromise<OutboundMessage>;
  dispatch(messages: readonly OutboundMessage[]): MaybePromise<readonly SendResult[]>;
}

export interface OutboundMessage {
  readonly channel: string;
  readonly outgoing: Outgoing;
}

/** What a message sent by a handler inherits from the message in hand. */
export interface OutboundOrigin {
  readonly source: string;
  readonly nowMs: number;
  newId(name: string): string;
  readonly correlationId?: string;
  readonly causationId?: string;
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}

/** What of a store's failure is told with what becomes of a delivery. */
export const storeFailureOf = ({
  storeFailure,
}: {
  readonly storeFailure: Error | undefined;
}): { readonly error?: Error } => (storeFailure === undefined ? {} : { error: storeFailure });

/** The fields that name a delivery in every event. */
export function eventFields(
  consumer: Consumer,
  delivery: {
    readonly envelope: { readonly id: string; readonly type: string };
    readonly deliveryCount: number;
  },
  attempt: number,
): EventDelivery {
  const { channel, as } = consumer.spec;
  const fields = {
    service: consumer.service,
    channel: channel.name,
    kind: channel.kind,
    id: delivery.envelope.id,
    messageType: delivery.envelope.type,
    attempt,
    deliveryCount: delivery.deliveryCount,
  };
  return channel.kind === "queue" ? fields : { ...fields, as };
}
