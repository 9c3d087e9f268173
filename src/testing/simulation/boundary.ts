import { WaybillError } from "../../errors.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { Connection } from "../../transport/transport.js";
import type { FaultMode, Faults } from "./faults.js";
import type { History } from "./history.js";
import type { SimProcess } from "./process.js";

/** What the boundaries of one process share. */
export interface Boundary {
  readonly process: SimProcess;
  readonly faults: Faults;
  readonly history: History;
  /** The broker's own clock: processes may be wrong about the time, the broker is not. */
  readonly brokerRuntime: Runtime;
  /** The connections that are cut when the process dies. */
  readonly connections: Connection[];
  /** Numbers the deliveries of the whole schedule. */
  readonly nextDelivery: () => number;
}

/** A remote side that wants to be left alone for ten years. */
const tenYearsMs = 10 * 365 * 86_400_000;

/** What a process hears when a fault of this kind refuses it. */
export function failure(mode: FaultMode): WaybillError {
  switch (mode) {
    case "throttle":
      return new WaybillError("quotaExceeded", "too many requests", { retryAfterMs: tenYearsMs });
    case "forbid":
      return new WaybillError("unauthorized", "the credential is not accepted");
    case "disable":
      return new WaybillError("disabled", "the entity is disabled");
    default:
      return new WaybillError("transportFailed", "the connection was reset");
  }
}

/** Waits on the network, which lives on when a process stands still. */
export const after = (runtime: Runtime, ms: number): Promise<void> =>
  new Promise((resolve) => {
    runtime.after(ms, resolve);
  });
