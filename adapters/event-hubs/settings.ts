import { durationMs, WaybillError, type Duration } from "../../src/transport/index.js";
import type { Balancing } from "./membership.js";
import type { EventHubsOptions } from "./transport.js";

/** The options of a transport as numbers. */
export interface Settings {
  readonly operationMs: number;
  readonly balancing: Balancing;
  readonly prefetch: number;
  readonly silenceMs: number;
}

/** Reads the options, with what they are by default. @throws {WaybillError} `invalidOption` */
export function settingsOf(options: EventHubsOptions): Settings {
  const balancing = {
    updateMs: positive(options.balanceInterval ?? "10s", "balanceInterval"),
    expiryMs: positive(options.ownershipExpiry ?? "30s", "ownershipExpiry"),
  };
  if (balancing.expiryMs < 3 * balancing.updateMs) {
    throw new WaybillError(
      "invalidOption",
      `ownershipExpiry (${balancing.expiryMs} ms) must be at least thrice balanceInterval (${balancing.updateMs} ms): ` +
        "otherwise a partition is taken from a member that lives",
    );
  }
  const { prefetch = 300 } = options;
  if (!Number.isInteger(prefetch) || prefetch < 1) {
    throw new WaybillError("invalidOption", `prefetch is ${String(prefetch)}; give a whole number from 1 up`);
  }
  return {
    operationMs: positive(options.operationTimeout ?? "30s", "operationTimeout"),
    balancing,
    prefetch,
    silenceMs: positive(options.silence ?? "5s", "silence"),
  };
}

function positive(duration: Duration, option: string): number {
  const ms = durationMs(duration, option);
  if (ms > 0) return ms;
  throw new WaybillError("invalidOption", `${option} is ${JSON.stringify(duration)}; give more than nothing`);
}
