import type { App } from "../../app.js";
import type { ClaimCheckOptions } from "../../claim-check/options.js";
import type { Context } from "../../consume/context.js";
import type { Received } from "../../consume/received.js";
import type { AppEvent } from "../../policy/app-event.js";
import { service, type AnyService } from "../../service.js";
import type { AroundHook } from "../../consume/around.js";
import type { IdempotencyStore } from "../../store/idempotency-store.js";
import type { StopReport } from "../../supervise/shutdown.js";
import type { SimulatedProcess } from "../simulated-process.js";
import type { Conduit, Thing, ThingMade } from "./conduit.js";
import type { Reads } from "./kit.js";
import type { Time } from "./time.js";
import type { Unreliable } from "./unreliable.js";

type Handled = Received<typeof ThingMade>;
export type WorkContext = Context<object, string>;

/** A service of a behaviour: what it reads and how, and where it sends. */
export interface Work {
  /** Default `"worker"`. Its subscription, group or listener has the same name. */
  readonly name?: string;
  readonly reads?: Conduit;
  readonly handler?: (message: Handled, context: WorkContext) => unknown;
  /** Handles batches instead: queues and streams. */
  readonly batchHandler?: (messages: readonly Handled[], context: object) => unknown;
  /** Reads with no handler: `"ignore"` or `"deadLetter"`. */
  readonly entry?: "ignore" | "deadLetter";
  readonly options?: object;
  readonly sends?: readonly Conduit[];
  readonly around?: AroundHook;
  readonly idempotency?: IdempotencyStore;
  readonly claimCheck?: ClaimCheckOptions;
  readonly address?: (channel: { readonly name: string; readonly kind: string }) => string;
}

/** A running service of a behaviour. */
export interface Worker {
  readonly app: App;
  readonly events: readonly AppEvent[];
  readonly process: SimulatedProcess;
  /** Its way to the broker. */
  readonly line: Unreliable;
  /** Sends one thing. */
  send(to: Conduit, thing: Thing, options?: object): Promise<{ readonly id: string }>;
  stop(deadline?: `${number}s`): Promise<StopReport>;
}

/** Declares the service. */
export function serviceOf(work: Work): AnyService {
  const { name = "worker", reads, sends = [], around } = work;
  let made: AnyService = service(name).sends(...sends.map(({ channel }) => channel));
  if (around !== undefined) made = step(made, "around", around);
  if (reads === undefined) return made;
  const entry = work.entry ?? work.batchHandler ?? work.handler ?? (() => undefined);
  const verb = verbs[reads.kind];
  const batch = work.batchHandler === undefined ? "" : "Batch";
  return step(made, `${verb}${batch}`, reads.channel, { thing: entry }, work.options ?? {});
}

const verbs = { queue: "consume", topic: "subscribe", stream: "read", notifications: "listen" } as const;

/** What a connection must read to see what the service reads: its name, and its filter. */
export function readsLike(work: Work, conduit: Conduit): Reads {
  const [consumer] = serviceOf(work)["~service"].consumers;
  return consumer === undefined ? { conduit } : { conduit, as: consumer.as, filter: consumer.filter };
}

/** Calls a step whose types depend on the kind of channel, which only the run knows. */
function step(of: AnyService, verb: string, ...input: readonly unknown[]): AnyService {
  const steps = of as unknown as Record<string, (...input: readonly unknown[]) => AnyService>;
  const call = steps[verb];
  if (call === undefined) throw new TypeError(`a service has no .${verb}()`);
  return call(...input);
}

/** The words of a behaviour for a service that was started. */
export function workerOf(
  parts: Omit<Worker, "send" | "stop"> & { readonly time: Time; readonly run: string },
): Worker {
  const { app, time, run } = parts;
  return {
    ...parts,
    send: (to, thing, options = {}) => time.finish(app.send(to.thing, thing, withRun(options, run))),
    stop: (deadline = "30s") => time.finish(app.stop({ deadline })),
  };
}

function withRun(options: { readonly headers?: object }, run: string): object {
  return { ...options, headers: { run, ...options.headers } };
}
