import type { Dice } from "./dice.js";
import { faultKinds, planFaults, type FaultName, type PlannedFault } from "./faults.js";
import type { SimulationSize } from "./size.js";

/** Everything that differs from schedule to schedule, drawn from the seed and printed with a failure. */
export interface Swarm {
  readonly idempotent: { readonly jobs: boolean; readonly orders: boolean; readonly sales: boolean };
  readonly leaseMs: number;
  readonly lockMs: number;
  readonly dedup: boolean;
  /** Of what goes to `jobs`. */
  readonly ttlMs: number | undefined;
  readonly maxDeliveries: number;
  readonly concurrency: number;
  readonly attempts: number;
  readonly immediate: number;
  readonly backoffFirstMs: number;
  readonly maxHoldMs: number;
  readonly maxRunMs: number;
  readonly checkpointEvents: number;
  readonly checkpointIntervalMs: number;
  /** The share of messages that have the first key. */
  readonly hotShare: number;
  readonly failingShare: number;
  readonly slowShare: number;
  readonly followUpShare: number;
  readonly timeShare: number;
  /** How far the clock of each process is off, by its number. */
  readonly skewMs: readonly number[];
  /** How long the broker takes to notice that a process is gone. */
  readonly cutMs: number;
  readonly listenerThrows: boolean;
  readonly staleCopies: number;
  readonly faults: readonly PlannedFault[];
  readonly crash: PlannedCrash | undefined;
  readonly stop: PlannedStop | undefined;
  readonly pause: PlannedPause | undefined;
}

/** A process that dies at a boundary and starts again. */
export interface PlannedCrash {
  readonly victim: string;
  readonly fromChoice: number;
  readonly port: CrashPort;
  readonly when: "before" | "after";
  readonly backAfterMs: number;
}

export type CrashPort = "send" | "receive" | "settle" | "renew" | "checkpoint" | "store" | "handler";

/** A process that stops as it should and starts again. */
export interface PlannedStop {
  readonly victim: string;
  readonly fromChoice: number;
  readonly deadlineMs: number;
  readonly twice: boolean;
  readonly backAfterMs: number;
}

/** A process that stands still, as in a long garbage collection. */
export interface PlannedPause {
  readonly victim: string;
  readonly fromChoice: number;
  readonly forMs: number;
}

/** Draws the configuration of a schedule. */
export function drawSwarm(dice: Dice, size: SimulationSize): Swarm {
  const kinds = Object.keys(faultKinds) as FaultName[];
  const enabled = kinds.filter((name) => dice.chance(`swarm fault ${name}`, 0.6));
  const consumers = Array.from({ length: size.consumers }, (_, index) => `c${index + 1}`);
  const producers = Array.from({ length: size.producers }, (_, index) => `p${index + 1}`);
  const lockMs = dice.pick("lock", [30_000, 60_000]);
  return {
    idempotent: {
      jobs: dice.chance("idempotent jobs", 0.8),
      orders: dice.chance("idempotent orders", 0.8),
      sales: dice.chance("idempotent sales", 0.7),
    },
    leaseMs: dice.pick("lease", [10_000, 20_000, 40_000]),
    lockMs,
    dedup: dice.chance("dedup", 0.5),
    ttlMs: dice.chance("ttl", 0.3) ? dice.pick("ttl of", [60_000, 300_000]) : undefined,
    maxDeliveries: dice.pick("deliveries", [10, 50]),
    concurrency: dice.between("concurrency", 2, 6),
    attempts: dice.between("attempts", 2, 5),
    immediate: dice.between("immediate", 0, 2),
    backoffFirstMs: dice.pick("backoff", [1000, 10_000]),
    maxHoldMs: dice.pick("hold", [10_000, 300_000]),
    maxRunMs: dice.pick("run", [60_000, 120_000]),
    checkpointEvents: dice.between("checkpoint events", 1, 5),
    checkpointIntervalMs: dice.pick("checkpoint interval", [1000, 5000]),
    hotShare: dice.chance("hot", 0.25) ? 0.8 : 0,
    failingShare: dice.pick("failing", [0, 0.1, 0.2, 0.35]),
    slowShare: dice.pick("slow", [0, 0.1, 0.25]),
    followUpShare: dice.pick("follow-ups", [0, 0.15, 0.3]),
    timeShare: dice.pick("time", [0, 0.02, 0.05, 0.1]),
    skewMs: [...producers, ...consumers].map((name) =>
      dice.chance("skewed", 0.4) ? dice.between(`skew ${name}`, -15_000, 15_000) : 0,
    ),
    cutMs: dice.pick("cut", [0, 0, 20_000]),
    listenerThrows: dice.chance("listener throws", 0.1),
    staleCopies: dice.chance("stale", 0.25) ? dice.between("stale copies", 1, 3) : 0,
    faults: planFaults(dice, size, enabled),
    crash: size.crashes === 0 ? undefined : drawCrash(dice, size, consumers, producers),
    stop: size.gracefulStops === 0 ? undefined : drawStop(dice, size, consumers),
    pause: dice.chance("pause", 0.3) ? drawPause(dice, size, consumers) : undefined,
  };
}

const consumerPorts = [
  "receive",
  "settle",
  "settle",
  "renew",
  "checkpoint",
  "store",
  "store",
  "handler",
  "send",
] as const;

function drawCrash(
  dice: Dice,
  size: SimulationSize,
  consumers: readonly string[],
  producers: readonly string[],
): PlannedCrash {
  const ofProducer = dice.chance("crash of a producer", 0.15);
  return {
    victim: among(dice, "crash victim", ofProducer ? producers : consumers),
    fromChoice: dice.between("crash at", 20, size.minChoices),
    port: ofProducer ? "send" : dice.pick("crash port", consumerPorts),
    when: dice.pick("crash when", ["before", "after"]),
    backAfterMs: dice.pick("crash back", [0, 5000, 120_000]),
  };
}

function drawStop(dice: Dice, size: SimulationSize, consumers: readonly string[]): PlannedStop {
  return {
    victim: among(dice, "stop victim", consumers),
    fromChoice: dice.between("stop at", 20, size.minChoices),
    deadlineMs: dice.pick("stop deadline", [2000, 30_000]),
    twice: dice.chance("stop twice", 0.3),
    backAfterMs: dice.pick("stop back", [0, 10_000, 120_000]),
  };
}

function drawPause(dice: Dice, size: SimulationSize, consumers: readonly string[]): PlannedPause {
  return {
    victim: among(dice, "pause victim", consumers),
    fromChoice: dice.between("pause at", 20, size.minChoices),
    forMs: dice.pick("pause for", [5000, 50_000, 130_000]),
  };
}

const among = (dice: Dice, name: string, names: readonly string[]): string =>
  names[dice.between(name, 0, names.length - 1)] ?? "";
