import { fixed, service, type App, type Context } from "waybill";
import type { ServiceSpec } from "../../src/service.js";
import { alerts, plain, sales, sessions, storage, workerName, type Job } from "./contracts.js";

export type ChannelKey = "plain" | "sessions" | "sales" | "storage" | "alerts";

/** A message as the worker gets it. */
interface Message {
  readonly id: string;
  readonly data: Job;
}

export type Handler = (message: Message, context: Context<object, string>) => Promise<void>;

/** A handler throws it when nothing helps. */
export class GivenUp extends Error {
  override readonly name = "GivenUp";
}

const channels = { plain, sessions, sales, storage, alerts };

/** Sends one piece of work. */
export function sendJob(app: App, channel: ChannelKey, job: Job, id: string): Promise<unknown> {
  switch (channel) {
    case "plain":
      return app.send(plain.job, job, { id });
    case "sessions":
      return app.send(sessions.job, job, { id });
    case "sales":
      return app.send(sales.job, job, { id });
    case "storage":
      return app.send(storage.job, job, { id });
    case "alerts":
      return app.send(alerts.alert, job, { id });
  }
}

/** Sends many in one call. */
export function sendJobs(
  app: App,
  channel: ChannelKey,
  jobs: readonly Job[],
  idOf: (job: Job) => string,
): Promise<readonly { readonly ok: boolean }[]> {
  const options = (job: Job): { readonly id: string } => ({ id: idOf(job) });
  switch (channel) {
    case "plain":
      return app.sendMany(plain.job, jobs, options);
    case "sessions":
      return app.sendMany(sessions.job, jobs, options);
    case "sales":
      return app.sendMany(sales.job, jobs, options);
    case "storage":
      return app.sendMany(storage.job, jobs, options);
    case "alerts":
      return app.sendMany(alerts.alert, jobs, options);
  }
}

export const shopOf = (channel: ChannelKey): ServiceSpec =>
  service("shop").sends(channels[channel])["~service"];

/** Who does the work: idempotent, and patient with failures. */
export function workerOf(
  channel: ChannelKey,
  handler: Handler,
  concurrency: number,
  { idempotent = true }: { readonly idempotent?: boolean } = {},
): ServiceSpec {
  const options = {
    concurrency,
    idempotent,
    retry: { attempts: 20, immediate: 0, backoff: fixed("500ms"), giveUpOn: [GivenUp] },
  } as const;
  const worker = service(workerName);
  switch (channel) {
    case "plain":
      return worker.consume(plain, { job: handler }, options)["~service"];
    case "sessions":
      return worker.consume(sessions, { job: handler }, options)["~service"];
    case "storage":
      return worker.consume(storage, { job: handler }, options)["~service"];
    case "alerts":
      return worker.listen(alerts, { alert: handler }, options)["~service"];
    case "sales":
      return worker.read(sales, { job: handler }, { ...options, checkpoint: { events: 5, interval: "1s" } })[
        "~service"
      ];
  }
}
