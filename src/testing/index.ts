/** Tests of services: a broker in this process, virtual time, faults and crashes. */
export { testBus } from "./test-bus.js";
export type {
  AllDepsOf,
  Delivered,
  FailNextOptions,
  RawMessage,
  ServicesOf,
  TestBus,
  TestBusArguments,
  TestBusOptions,
  TestDeadLetter,
  TestStopOptions,
} from "./test-bus.js";
export type { CrashPlan } from "./simulated-process.js";
export type { FaultyStep } from "./watched-transport.js";
export { conformanceBySection, conformanceCounts, conformanceRows } from "./conformance/report.js";
export type { ConformanceCounts, ConformanceRow } from "./conformance/report.js";
export { notYetBehaviours, transportConformance } from "./conformance/transport-conformance.js";
export type { CaseOutcome, ConformanceCase } from "./conformance/transport-conformance.js";
export { storeConformance } from "./conformance/store-conformance.js";
export { ConformanceFailure } from "./conformance/check.js";
export type {
  ConformanceAdapter,
  ConformanceCredentials,
  ConformanceFaults,
  ConformanceWorld,
  Extra,
  ForeignMessage as ConformanceForeignMessage,
} from "./conformance/harness.js";
export type { StoreAdapter, StoreInbox, StoreKind, StoreWorld } from "./conformance/store-harness.js";
export type { NotYet, Section } from "./conformance/behaviour.js";
export { virtualRuntime } from "../runtime/virtual-runtime.js";
export type { VirtualRuntime, VirtualRuntimeOptions } from "../runtime/virtual-runtime.js";
export type { DriveOptions } from "../runtime/drive.js";
