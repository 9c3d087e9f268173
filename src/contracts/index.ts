/** Contracts: message types and channels that teams share as plain npm packages. */
export { command, event } from "./message.js";
export type { InputOf, Message, MessageDefinition, MessageKind, MessageSpec, OutputOf } from "./message.js";
export { queue } from "./queue.js";
export type { QueueDefinition, QueueNeeds } from "./queue.js";
export { topic } from "./topic.js";
export type { TopicDefinition, TopicNeeds } from "./topic.js";
export { stream } from "./stream.js";
export type { StreamDefinition } from "./stream.js";
export { notifications } from "./notifications.js";
export type { NotificationsDefinition } from "./notifications.js";
export { only } from "./only.js";
export type { Attachment } from "./attachment.js";
export { fromJsonSchema } from "./json-schema.js";
export type { JsonSchemaIssue, JsonSchemaVerdict } from "./json-schema.js";
export type {
  Channel,
  ChannelKind,
  ChannelRef,
  ChannelSettings,
  ChannelSpec,
  ForeignMessage,
  ForeignReading,
  Messages,
  NamesOk,
  Need,
  SubscriptionSettings,
  Target,
} from "./channel.js";
export type { Json, JsonOk, JsonValue, Plain } from "./json-input.js";
export type {
  JsonSchemaSource,
  SchemaInput,
  SchemaIssue,
  SchemaOutput,
  SchemaResult,
  StandardSchema,
} from "./standard-schema.js";
export type { Duration } from "../runtime/duration.js";
export type { Codec } from "../message/codec.js";
export type { HeaderValue } from "../message/envelope.js";
export { WaybillError } from "../errors.js";
export type { ErrorClass, ErrorCode, WaybillErrorOptions } from "../errors.js";
