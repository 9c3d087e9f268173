import * as z from "zod";
import { command, event, queue, stream, topic } from "waybill/contracts";

export const Job = command("t.job", {
  version: 1,
  schema: z.object({ id: z.string(), key: z.string().default("k") }),
  key: (job) => job.key,
});
export const Done = event("t.done", {
  version: 1,
  schema: z.object({ id: z.string() }),
  key: (done) => done.id,
});

/** A queue with nothing special. */
export const jobs = queue("jobs", { messages: { job: Job } });
/** A queue whose messages of one key are handled in order. */
export const orderedJobs = queue("ordered-jobs", { messages: { job: Job }, ordered: "by-key" });
/** Where results go. */
export const results = queue("results", { messages: { done: Done } });
export const later = queue("later", { messages: { done: Done }, scheduled: true });
export const news = topic("news", { messages: { done: Done, job: Job } });
export const log = stream("log", { messages: { done: Done }, partitions: 2 });
