/** The contract between the core and an adapter. */
export type { Capabilities, ReceiverFeatures, Support } from "./capabilities.js";
export type {
  BacklogEvidence,
  BrokerFacts,
  ConnectContext,
  Connection,
  DeadLetterDelivery,
  DeadLetterReceiver,
  Delivery,
  Destination,
  GroupSource,
  ListenerSource,
  MaybePromise,
  MessageFilter,
  Outgoing,
  PartitionEvidence,
  QueueSource,
  Receiver,
  ReceiverOptions,
  Sender,
  SendAccepted,
  SendRejected,
  SendResult,
  SettleAction,
  SettleRequest,
  Source,
  StartPosition,
  SubscriptionSource,
  Transport,
} from "./transport.js";
export type { ChannelKind, ChannelSettings, ChannelSpec, Need } from "../contracts/channel.js";
export type {
  DeadLetterReason,
  DeadLetterRecord,
  DeliveryHistory,
  Envelope,
  HeaderValue,
} from "../message/envelope.js";
export { Handoff } from "./handoff.js";
export { within, withinAborting } from "./within.js";
export type { Deadline, EndSignal } from "./within.js";
export { retryWarning } from "./retry-warning.js";
export { fromAmqp, toAmqp } from "../message/amqp-binding.js";
export type { AmqpMessage, AmqpSpelling, IncomingAmqpMessage } from "../message/amqp-binding.js";
export { fromDeadLetterProperties, toDeadLetterProperties } from "../message/dead-letter-record.js";
export type { NativeDeadLetter } from "../message/dead-letter-record.js";
export { redact, withoutSecrets } from "../message/redact.js";
export { tellable } from "../message/tellable.js";
export { certificateCodes } from "./certificate-codes.js";
export { shapeOf } from "../message/json-shape.js";
export type { JsonShape } from "../message/json-shape.js";
export { elementTexts, memberText } from "../message/json-syntax.js";
export { fromStructuredJson, toStructuredJson } from "../message/structured-json.js";
export { WaybillError, isWaybillError } from "../errors.js";
export type { ErrorClass, ErrorCode, WaybillErrorOptions } from "../errors.js";
export { realRuntime } from "../runtime/runtime.js";
export type { PortName, Runtime, TimerHandle } from "../runtime/runtime.js";
export { durationMs } from "../runtime/duration.js";
export type { Duration } from "../runtime/duration.js";
