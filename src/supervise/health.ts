import type { ChannelKind } from "../contracts/channel.js";
import { isoTime } from "../runtime/iso-time.js";
import type { PartitionEvidence } from "../transport/transport.js";
import type { Condition, ConsumerWatch } from "./consumer-watch.js";
import { evidenceText, type Evidence } from "./evidence-log.js";
import type { Watchdog } from "./watchdog.js";

/** What a service says of itself. Never message data, never a secret. */
export interface Health {
  /**
   * `ready`: it reads all it should. `degraded`: a source cannot be read at the moment. `stalled`: nothing that this process
   * can do brings a consumer on; start it anew.
   */
  readonly state: "ready" | "degraded" | "stalled" | "paused" | "stopping" | "stopped";
  /** When it became that; RFC 3339. */
  readonly since: string;
  /** False only while a new process is what helps: while `stalled`. For a liveness probe. */
  readonly live: boolean;
  /** Whether it is `ready`. For a readiness probe. */
  readonly ready: boolean;
  /** What was seen last that is not as it should be, oldest first: at most ten. */
  readonly evidence: readonly Evidence[];
  readonly consumers: readonly ConsumerHealth[];
}

export interface ConsumerHealth {
  readonly channel: string;
  readonly kind: ChannelKind;
  readonly as: string;
  /**
   * `failing`: its receives fail, or an event of a stream cannot be settled, so its partition stands still. `unauthorized`:
   * because its credential is refused. `stalled`: messages wait and are not given to it, or the service does not answer.
   * `poisoned`: among them is one that the service's client cannot decode.
   */
  readonly state: "reading" | "paused" | "failing" | "unauthorized" | "stalled" | "poisoned";
  /** When it became that; RFC 3339. */
  readonly since: string;
  readonly paused: boolean;
  readonly concurrency: number;
  /** Deliveries that are accepted and not settled. */
  readonly inFlight: number;
  /** Attempts to receive that failed since the last success. */
  readonly receiveFailures: number;
  /** What was seen last that is not as it should be, oldest first: at most ten. */
  readonly evidence: readonly Evidence[];
  /** Streams: what is known of each partition that it reads. */
  readonly partitions?: readonly PartitionEvidence[];
}

/** What a service is doing, and since when by the wall clock. */
export interface Life {
  readonly state: "running" | "stopping" | "stopped";
  readonly sinceMs: number;
}

/** Reads the health of a service. */
export function healthOf({ watches, log }: Watchdog, life: Life): Health {
  const consumers = watches.map(consumerHealth);
  const [state, sinceMs] = stateOf(watches, life);
  return {
    state,
    since: isoTime(sinceMs),
    live: state !== "stalled",
    ready: state === "ready",
    evidence: log.all,
    consumers,
  };
}

function stateOf(
  watches: readonly ConsumerWatch[],
  life: Life,
): readonly [state: Health["state"], sinceMs: number] {
  if (life.state !== "running") return [life.state, life.sinceMs];
  const exhausted = watches.filter((watch) => watch.exhausted);
  if (exhausted.length > 0) return ["stalled", firstChange(exhausted)];
  const unwell = watches.filter(({ condition }) => condition !== "reading");
  if (unwell.length > 0) return ["degraded", firstChange(unwell)];
  const sinceMs = Math.max(life.sinceMs, ...watches.map(({ changedMs }) => changedMs));
  return [watches.length > 0 && watches.every(({ pump }) => pump.paused) ? "paused" : "ready", sinceMs];
}

const firstChange = (watches: readonly ConsumerWatch[]): number =>
  Math.min(...watches.map(({ changedMs }) => changedMs));

function consumerHealth({ pump, condition, changedMs, evidence }: ConsumerWatch): ConsumerHealth {
  const { receiver, spec } = pump.consumer;
  const partitions = receiver.evidence?.();
  return {
    channel: spec.channel.name,
    kind: spec.channel.kind,
    as: spec.as,
    state: consumerState(pump.paused, condition),
    since: isoTime(changedMs),
    paused: pump.paused,
    concurrency: pump.concurrency,
    inFlight: pump.inFlight,
    receiveFailures: pump.intake.failures,
    evidence,
    ...(partitions === undefined ? {} : { partitions: partitions.map(redacted) }),
  };
}

const consumerState = (paused: boolean, condition: Condition): ConsumerHealth["state"] =>
  paused && condition === "reading" ? "paused" : condition;

/** Why a partition is not read is the service's text. */
const redacted = (partition: PartitionEvidence): PartitionEvidence =>
  partition.failure === undefined ? partition : { ...partition, failure: evidenceText(partition.failure) };
