/** Azure Service Bus, Event Hubs and Event Grid in this process, for Microsoft's own SDKs. */
export { startEmulator } from "./start-emulator.js";
export type { AuthOptions, EmulatorOptions, NamespaceContent } from "./options.js";
export type { Emulator } from "./emulator.js";
export type { MachineClock } from "./clock.js";
export type { Endpoints } from "./connection-strings.js";
export type { EmulatorSnapshot } from "./snapshot.js";
export type { Namespace } from "./namespace.js";
export type {
  RecordedConnectionEvent,
  RecordedEvent,
  RecordedFilter,
  RecordedLinkEvent,
  Recorder,
} from "./recorder.js";
export type { ConnectionSelector, Faults, LinkError, LinkSelector } from "./faults/faults.js";
export type { Fault, FrameDeed, FrameSelector } from "./faults/frame-fault.js";
export type { ConfigSource } from "./config/read-config.js";
export type { ContractSource } from "./config/contracts.js";
export { ConfigError } from "./config/config-error.js";
export { ListenError } from "./listen-error.js";
