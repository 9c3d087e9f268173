import * as z from "zod";
import { command, queue, stream } from "waybill/contracts";

/** What the handler does with a message: its effect at once; its effect at the second attempt; nothing, for good. */
export type Does = "work" | "retry" | "giveUp";

const schema = z.object({ n: z.number(), does: z.enum(["work", "retry", "giveUp"]) });
const job = command("crash.job", { version: 1, schema, key: ({ n }) => String(n) });
const followUp = command("crash.follow-up", { version: 1, schema, key: ({ n }) => String(n) });

/** The work, and two channels that each effect sends one message to. */
export const queues = {
  orders: queue("orders", { messages: { job } }),
  bills: queue("bills", { messages: { followUp } }),
  mails: queue("mails", { messages: { followUp } }),
};

/** The same as streams, of one partition each. */
export const streams = {
  orders: stream("orders", { messages: { job }, partitions: 1 }),
  bills: stream("bills", { messages: { followUp }, partitions: 1 }),
  mails: stream("mails", { messages: { followUp }, partitions: 1 }),
};

export const channelNames = ["orders", "bills", "mails"] as const;

/** Who does the work, and who takes the follow-up messages. */
export const workerName = "worker";
export const collectorName = "collector";
