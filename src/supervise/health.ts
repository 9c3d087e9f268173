import type { Pump } from "../consume/pump.js";
import type { ChannelKind } from "../contracts/channel.js";

/** What a service says of itself. */
export interface Health {
  /** `ready`: it reads all it should. `degraded`: a source cannot be read at the moment. */
  readonly state: "ready" | "degraded" | "paused" | "stopping" | "stopped";
  readonly consumers: readonly ConsumerHealth[];
}

export interface ConsumerHealth {
  readonly channel: string;
  readonly kind: ChannelKind;
  readonly as: string;
  readonly paused: boolean;
  readonly concurrency: number;
  /** Deliveries that are accepted and not settled. */
  readonly inFlight: number;
  /** Attempts to receive that failed since the last success. */
  readonly receiveFailures: number;
}

/** Reads the health of the pumps of a service that is `life`. */
export function healthOf(pumps: readonly Pump[], life: "running" | "stopping" | "stopped"): Health {
  const consumers = pumps.map((pump) => {
    const { channel, as } = pump.consumer.spec;
    return {
      channel: channel.name,
      kind: channel.kind,
      as,
      paused: pump.paused,
      concurrency: pump.concurrency,
      inFlight: pump.inFlight,
      receiveFailures: pump.receiveFailures,
    };
  });
  if (life !== "running") return { state: life, consumers };
  if (consumers.some((consumer) => consumer.receiveFailures > 0)) return { state: "degraded", consumers };
  const paused = consumers.length > 0 && consumers.every((consumer) => consumer.paused);
  return { state: paused ? "paused" : "ready", consumers };
}
