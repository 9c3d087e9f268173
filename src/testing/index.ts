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
} from "./test-bus.js";
export type { CrashPlan } from "./simulated-process.js";
export type { FaultyStep } from "./watched-transport.js";
