import * as z from "zod";
import { command, event, notifications, queue, stream } from "waybill/contracts";

const schema = z.object({ n: z.number(), key: z.string(), text: z.string().optional() });

/** A piece of work; `n` counts up for each key. */
export const job = command("faults.job", { version: 1, schema, key: ({ key }) => key });
/** The same as news. */
export const alert = event("faults.alert", { version: 1, schema, key: ({ key }) => key });
export type Job = z.output<typeof schema>;

/** Locks are short, so that what a fault leaves locked comes again soon. */
const shared = { messages: { job }, lock: "20s", maxDeliveries: 50 } as const;

/** The same work on each kind of channel. */
export const plain = queue("work", { ...shared, scheduled: true });
export const sessions = queue("orders", { ...shared, ordered: "by-key" });
export const storage = queue("storage", { ...shared, lock: "5s", scheduled: true });
export const sales = stream("sales", { messages: { job }, partitions: 2 });
export const alerts = notifications("alerts", { messages: { alert } });

export const workerName = "worker";
