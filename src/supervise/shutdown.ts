import { WaybillError } from "../errors.js";
import type { Pump } from "../consume/pump.js";
import type { Producer } from "../produce/producer.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Connection } from "../transport/transport.js";
import { settleWithin } from "./settle-within.js";

/** What a shutdown works on. */
export interface ShutdownTargets {
  readonly service: string;
  readonly runtime: Runtime;
  readonly pumps: readonly Pump[];
  readonly producer: Producer;
  readonly connections: readonly Connection[];
}

/** How a service ended. */
export interface StopReport {
  /** Deliveries that were neither settled nor given back in time: their locks end, and they are delivered again. */
  readonly unfinished: number;
}

/** The part of the time that is kept for settling, storing progress and closing. */
const reserveShare = 0.2;

/**
 * Stops a service: no new messages, what has not started is given back, what runs may finish, then is told to end;
 * settle, store progress, close. Always ends by `deadlineMs`, whatever hangs.
 */
export async function shutDown(targets: ShutdownTargets, deadlineMs: number): Promise<StopReport> {
  const { runtime, pumps, producer, connections, service } = targets;
  const endMs = runtime.elapsed() + deadlineMs;
  const within = (limitMs: number, work: Promise<unknown>): Promise<void> =>
    settleWithin(runtime, Math.max(0, limitMs - runtime.elapsed()), work);

  await within(endMs - deadlineMs * reserveShare, Promise.all(pumps.map((pump) => pump.stopIntake())));
  const drained = Promise.all(pumps.map((pump) => pump.drained()));
  await within(endMs - deadlineMs * reserveShare, drained);
  if (pumps.some((pump) => pump.inFlight > 0)) {
    const reason = new WaybillError("cancelled", `service "${service}" is stopping and has no more time`);
    for (const pump of pumps) pump.abort(reason);
    await within(endMs - (deadlineMs * reserveShare) / 2, drained);
  }
  const unfinished = pumps.reduce((sum, pump) => sum + pump.inFlight, 0);
  await within(endMs, Promise.all(pumps.map((pump) => pump.close())));
  await within(endMs, producer.close());
  await within(endMs, Promise.all(connections.map(async (connection) => connection.close())));
  return { unfinished };
}
