/** Waybill: one typed, transport-neutral API for queues, topics, event streams and event notifications. */
export { service } from "./service.js";
export type {
  AnyService,
  DepsOf,
  NameOfChannel,
  NeedsOf,
  NeedsOfChannel,
  SendsOf,
  Service,
  ServiceSpec,
} from "./service.js";
export { run } from "./run.js";
export type { DepsOption, RunOptions, SharedOptions } from "./run.js";
export { healthHandler } from "./hosts/health-handler.js";
export type { HealthHandlerOptions } from "./hosts/health-handler.js";
export type { ClaimCheckOptions } from "./claim-check/options.js";
export type { UploadOptions } from "./claim-check/claim-check.js";
export type { UploadContent } from "./claim-check/measured.js";
export type { Attachment } from "./contracts/attachment.js";
export type { App, ConsumerChoice, StopOptions } from "./app.js";
export type { DeadLetterEntry, DeadLetters, RedriveOptions } from "./dead-letters.js";
export type { Lacks, Refusals, Supports, TransportChoice, TransportsByKind } from "./transport-choice.js";
export { deadLetter, defer, park, reject, retry } from "./message/settlement.js";
export type {
  DeadLetter,
  Defer,
  ListenerSettlement,
  Park,
  QueueSettlement,
  Reject,
  Retry,
  Settlement,
  StreamSettlement,
} from "./message/settlement.js";
export type { DeadLetterReason } from "./message/envelope.js";
export { delays, exponential, fixed } from "./policy/backoff.js";
export type { Backoff } from "./policy/backoff.js";
export { WaybillError, isWaybillError } from "./errors.js";
export type { ErrorClass, ErrorCode, WaybillErrorOptions } from "./errors.js";
export type { AppEvent, EventDelivery, EventListener, EventMessage, EventPlace } from "./policy/app-event.js";
export type { AroundHook, HandlerRun } from "./consume/around.js";
export type { BatchContext, Context, ContextWith, Files, IdempotencyFacts } from "./consume/context.js";
export type {
  Answer,
  BatchHandler,
  Exhaustive,
  Handler,
  ListenerHandlers,
  Others,
  QueueBatchHandlers,
  QueueHandlers,
  StreamBatchHandlers,
  StreamHandlers,
  TopicHandlers,
} from "./consume/handlers.js";
export type {
  BatchOptions,
  ConsumerOptions,
  ErrorType,
  IdempotencyOptions,
  ListenOptions,
  QueueOptions,
  ReadOptions,
  RetryOptions,
  SubscribeOptions,
} from "./consume/options.js";
export type { Received } from "./consume/received.js";
export type {
  ScheduledSendOptions,
  SendOptions,
  SendOptionsFor,
  SendOutcome,
  Sent,
} from "./contracts/send-options.js";
export type { ConsumerHealth, Health } from "./supervise/health.js";
export type { Evidence } from "./supervise/evidence-log.js";
export { steadyCredential } from "./supervise/steady-credential.js";
export type { SteadyCredential, TokenHealth, TokenSource } from "./supervise/steady-credential.js";
export type { Token } from "./supervise/cached-token.js";
export type { SupervisionOptions } from "./supervise/times.js";
export type { StopReport } from "./supervise/shutdown.js";
