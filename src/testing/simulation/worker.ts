import type { Context } from "../../consume/context.js";
import type { Received } from "../../consume/received.js";
import { WaybillError } from "../../errors.js";
import {
  deadLetter,
  park,
  retry,
  type QueueSettlement,
  type StreamSettlement,
} from "../../message/settlement.js";
import { exponential, type Backoff } from "../../policy/backoff.js";
import { service } from "../../service.js";
import type { SimChannels, Work } from "./contracts.js";
import type { History } from "./history.js";
import type { SimProcess } from "./process.js";
import type { Swarm } from "./swarm.js";
import { followUpOffset, type ChannelName, type Failing, type Workload } from "./workload.js";

/** What a handler is given: the process that it runs in. */
export interface Host {
  readonly process: SimProcess;
}

/** What the handlers of a schedule share. */
export interface WorkerParts {
  readonly channels: SimChannels;
  readonly swarm: Swarm;
  readonly workload: Workload;
  readonly history: History;
  /** Replaces the back-off with one that spreads nothing: a seeded bug. */
  readonly jitter: "full" | "none";
  /** Sends at once instead of after the handler: a seeded bug. */
  readonly sendsAtOnce: boolean;
}

type Ctx = Context<{ readonly host: Host }, "jobs">;

/** The back-off of the schedule: its `max` is what a retry without jitter would always wait in the end. */
export const backoffOf = (swarm: Swarm, jitter: "full" | "none"): Backoff =>
  exponential({ first: `${swarm.backoffFirstMs}ms`, max: "2m", jitter });

/** The service under test: it consumes all channels, and some of its handlers send. */
export function workerService(parts: WorkerParts) {
  const { channels, swarm } = parts;
  const handlers = handlersOf(parts);
  const lease = `${swarm.leaseMs}ms` as const;
  const shared = {
    concurrency: swarm.concurrency,
    maxLockRenewal: `${swarm.maxRunMs}ms` as const,
    retry: {
      attempts: swarm.attempts,
      immediate: swarm.immediate,
      backoff: backoffOf(swarm, parts.jitter),
      maxHold: `${swarm.maxHoldMs}ms` as const,
    },
  };
  const idempotent = (on: boolean) => (on ? { idempotent: { lease } } : {});
  const queueHandler = (channel: ChannelName) => (msg: SimMessage, ctx: Ctx) =>
    handlers(channel, msg, ctx, () => deadLetter("given up")) as Promise<QueueSettlement | undefined>;
  return service("worker")
    .needs<{ readonly host: Host }>()
    .sends(channels.jobs)
    .consume(
      channels.jobs,
      { work: queueHandler("jobs"), followUp: queueHandler("jobs") },
      { ...shared, ...idempotent(swarm.idempotent.jobs) },
    )
    .consume(
      channels.orders,
      { work: queueHandler("orders") },
      { ...shared, ...idempotent(swarm.idempotent.orders) },
    )
    .read(
      channels.sales,
      {
        work: (msg, ctx) =>
          handlers("sales", msg, ctx, () => park("given up")) as Promise<StreamSettlement | undefined>,
      },
      {
        ...shared,
        ...idempotent(swarm.idempotent.sales),
        checkpoint: { events: swarm.checkpointEvents, interval: `${swarm.checkpointIntervalMs}ms` },
      },
    );
}

type SimMessage = Omit<Received, "data"> & { readonly data: Work };

function handlersOf({ channels, workload, history, sendsAtOnce }: WorkerParts) {
  const runsOf = new Map<number, number>();
  let lastRun = 0;
  return async (
    channel: ChannelName,
    msg: SimMessage,
    ctx: Ctx,
    givesUp: () => object,
  ): Promise<object | undefined> => {
    const { n, key } = msg.data;
    const run = (lastRun += 1);
    const earlier = runsOf.get(n) ?? 0;
    runsOf.set(n, earlier + 1);
    const behaviour = workload.behaviourOf(n);
    const sendsFollowUp = "followUp" in behaviour && behaviour.followUp;
    begin(history, { run, channel, n, key, sendsFollowUp }, msg, ctx);
    const { process } = ctx.deps.host;
    await process.turn("work", channel, msg.id);
    if (behaviour.kind === "hangs" && earlier === 0) return new Promise(() => undefined);
    if (behaviour.kind === "works" && behaviour.ms > 0) await process.sleep(behaviour.ms);
    if (sendsFollowUp) {
      const followUp = { n: n + followUpOffset, key };
      if (sendsAtOnce) await ctx.sendNow(channels.jobs.followUp, followUp);
      else await ctx.send(channels.jobs.followUp, followUp);
    }
    if (behaviour.kind === "fails" && earlier < behaviour.times) {
      history.add({ kind: "ended", run, how: "failed" });
      throw thrown(behaviour.how);
    }
    if (behaviour.kind === "asksRetry" && earlier < behaviour.times) {
      history.add({ kind: "ended", run, how: "asksRetry" });
      return retry({ after: "2s" });
    }
    if (behaviour.kind === "givesUp") {
      history.add({ kind: "ended", run, how: "gaveUp" });
      return givesUp();
    }
    history.add({ kind: "effect", run });
    history.add({ kind: "ended", run, how: "done" });
    return undefined;
  };
}

interface Begun {
  readonly run: number;
  readonly channel: ChannelName;
  readonly n: number;
  readonly key: string;
  readonly sendsFollowUp: boolean;
}

function begin(history: History, begun: Begun, msg: SimMessage, ctx: Ctx): void {
  const { run, channel, n, key, sendsFollowUp } = begun;
  const { recovered, token } = ctx.idempotency;
  history.add({
    kind: "started",
    process: ctx.deps.host.process.name,
    id: msg.id,
    source: msg.source,
    sequence: Number(msg.broker.sequenceNumber),
    partition: msg.broker.partition,
    deliveryCount: msg.broker.deliveryCount,
    attempt: ctx.attempt,
    recovered,
    token,
    run,
    channel,
    n,
    key,
    sendsFollowUp,
  });
  if (ctx.signal.aborted) history.add({ kind: "aborted", run });
  else
    ctx.signal.addEventListener(
      "abort",
      () => {
        history.add({ kind: "aborted", run });
      },
      { once: true },
    );
  const probes: readonly unknown[] = [msg.data, msg.headers, {}];
  for (const probe of probes) {
    if ((probe as { readonly polluted?: unknown }).polluted !== undefined)
      history.add({ kind: "polluted", where: `${channel} ${n}` });
  }
}

function thrown(how: Failing): unknown {
  switch (how) {
    case "error":
      return new Error("not today");
    case "transient":
      return new WaybillError("timeout", "the dependency was slow");
    case "permanent":
      return new WaybillError("invalidMessage", "it can never work");
    case "null":
      return null;
    case "undefined":
      return undefined;
    case "frozen":
      return Object.freeze(new Error("frozen"));
    case "cyclic": {
      const error = new Error("cyclic");
      error.cause = error;
      return error;
    }
  }
}
