/* What contracts infer and refuse. Nothing here runs: the compiler checks it with the rest of the repository. */
import { toStandardJsonSchema } from "@valibot/to-json-schema";
import { type } from "arktype";
import { Type, type Static } from "typebox";
import { Value } from "typebox/value";
import * as v from "valibot";
import {
  command,
  event,
  fromJsonSchema,
  notifications,
  only,
  queue,
  stream,
  topic,
  type InputOf,
  type JsonValue,
  type Message,
  type OutputOf,
} from "waybill/contracts";
import * as z from "zod";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(..._proof: Same<A, B> extends true ? [] : [never]): void => undefined;

const use = (_value: unknown): void => undefined;

// A default is optional for the sender and there for the handler, in every library.
const byZod = event("t.zod", {
  version: 1,
  schema: z.object({ id: z.string(), channel: z.string().default("web"), note: z.string().optional() }),
  key: (data) => data.channel,
});
same<InputOf<typeof byZod>, { id: string; channel?: string | undefined; note?: string | undefined }>();
same<OutputOf<typeof byZod>, { id: string; channel: string; note?: string | undefined }>();

export const byValibot = event("t.valibot", {
  version: 1,
  schema: v.object({ id: v.string(), channel: v.optional(v.string(), "web"), note: v.optional(v.string()) }),
  key: (data) => data.channel,
});
same<InputOf<typeof byValibot>, { id: string; channel?: string | undefined; note?: string | undefined }>();
same<OutputOf<typeof byValibot>, { id: string; channel: string; note?: string | undefined }>();

export const byWrappedValibot = event("t.valibot", {
  version: 1,
  schema: toStandardJsonSchema(v.object({ id: v.string(), channel: v.optional(v.string(), "web") })),
  key: (data) => data.channel,
});
same<InputOf<typeof byWrappedValibot>, { id: string; channel?: string | undefined }>();
same<OutputOf<typeof byWrappedValibot>, { id: string; channel: string }>();

const byArktype = event("t.arktype", {
  version: 1,
  schema: type({ id: "string", channel: "string = 'web'", "note?": "string" }),
  key: (data) => data.channel,
});
same<InputOf<typeof byArktype>, { id: string; channel?: string; note?: string }>();
same<OutputOf<typeof byArktype>, { id: string; channel: string; note?: string }>();

const Order = Type.Object({ id: Type.String(), note: Type.Optional(Type.String()) });
export const byTypeBox = event("t.typebox", {
  version: 1,
  schema: fromJsonSchema<Static<typeof Order>>(Order, (value) => Value.Errors(Order, value)),
  key: (data) => data.id,
});
same<InputOf<typeof byTypeBox>, { id: string; note?: string }>();
same<OutputOf<typeof byTypeBox>, { id: string; note?: string }>();

// The type and the version are literal.
same<(typeof byZod)["~message"]["type"], "t.zod">();
same<(typeof byZod)["~message"]["version"], 1>();

// A transform: the sender gives what travels, the handler gets what the schema makes of it.
export const transformed = event("t.transform", {
  version: 1,
  schema: z.object({ at: z.iso.datetime().transform((iso) => new Date(iso)) }),
  key: (data) => data.at.toISOString(),
});
same<InputOf<typeof transformed>, { at: string }>();
same<OutputOf<typeof transformed>, { at: Date }>();

// What JSON carries is accepted, as deep and as open as it may be.
export const open = event("t.open", {
  version: 1,
  schema: z.object({
    json: z.json(),
    any: z.any(),
    unknown: z.unknown(),
    record: z.record(z.string(), z.number()),
    tuple: z.tuple([z.string(), z.number()]),
    nullable: z.string().nullable(),
  }),
});
same<InputOf<typeof open>["json"], JsonValue>();

interface Tree {
  readonly name: string;
  readonly kids: readonly Tree[];
}
const tree: z.ZodType<Tree, Tree> = z.object({
  name: z.string(),
  get kids() {
    return z.array(tree);
  },
});
export const recursive: Message<"t.tree", 1, Tree, Tree> = event("t.tree", { version: 1, schema: tree });
same<OutputOf<typeof recursive>, Tree>();

// What JSON cannot carry is refused, by every library.
// @ts-expect-error a Date
event("t.bad", { version: 1, schema: z.object({ at: z.date() }) });
// @ts-expect-error a Date, if given
event("t.bad", { version: 1, schema: z.object({ at: z.date().optional() }) });
// @ts-expect-error a Date, in one branch
event("t.bad", { version: 1, schema: z.object({ at: z.union([z.string(), z.date()]) }) });
// @ts-expect-error a bigint
command("t.bad", { version: 1, schema: z.object({ n: z.bigint() }) });
// @ts-expect-error a Map
event("t.bad", { version: 1, schema: z.object({ m: z.map(z.string(), z.string()) }) });
// @ts-expect-error a Set
event("t.bad", { version: 1, schema: z.object({ s: z.set(z.string()) }) });
// @ts-expect-error a function
event("t.bad", { version: 1, schema: z.object({ f: z.custom<() => void>() }) });
// @ts-expect-error bytes
event("t.bad", { version: 1, schema: z.object({ b: z.instanceof(Uint8Array) }) });
// @ts-expect-error a Date of valibot
event("t.bad", { version: 1, schema: v.object({ at: v.date() }) });
// @ts-expect-error a Date of arktype
event("t.bad", { version: 1, schema: type({ at: "Date" }) });
// @ts-expect-error a Date that the caller states
event("t.bad", { version: 1, schema: fromJsonSchema<{ at: Date }>({}, () => true) });

// The key is a string, examples are inputs.
// @ts-expect-error a number is no key
event("t.bad", { version: 1, schema: z.object({ n: z.number() }), key: (data) => data.n });
event("t.good", { version: 1, schema: z.object({ n: z.number().default(1) }), examples: [{}, { n: 2 }] });
// @ts-expect-error an example that does not validate
event("t.bad", { version: 1, schema: z.object({ n: z.number() }), examples: [{ n: "2" }] });

// An upcaster makes the input of its version out of the output of the one before.
const V1 = event("t.v", { version: 1, schema: z.object({ s: z.string().default("") }) });
const V2 = event("t.v", { version: 2, schema: z.object({ n: z.number(), m: z.number().default(0) }) });
export const chained = V2.from(V1, (old) => ({ n: old.s.length }));
same<OutputOf<typeof chained>, { n: number; m: number }>();
// @ts-expect-error a wrong result
V2.from(V1, (old) => ({ n: old.s }));
// @ts-expect-error an incomplete result
V2.from(V1, () => ({ m: 1 }));
// @ts-expect-error another type
V2.from(byZod, () => ({ n: 1 }));

// A channel has a target per message, and needs what its options say.
const orders = topic("orders", { messages: { placed: byZod, changed: byArktype }, ordered: "by-key" });
export const jobs = queue("jobs", { messages: { run: V2 }, scheduled: true, dedupWindow: "10m" });
export const plain = queue("plain", { messages: { run: V2 } });
same<(typeof orders)["~channel"]["needs"][number], "topics" | "topics:sessions">();
same<(typeof jobs)["~channel"]["needs"][number], "queues" | "queues:scheduling" | "queues:dedup">();
same<(typeof plain)["~channel"]["needs"][number], "queues">();
same<(typeof orders.placed)["~target"]["channel"], "orders">();
same<(typeof orders.placed)["~target"]["message"], typeof byZod>();
// @ts-expect-error no such message
use(orders.lost);
// @ts-expect-error a queue has no partitions
queue("bad", { messages: { run: V2 }, partitions: 4 });
// @ts-expect-error a stream has no lock
stream("bad", { messages: { run: V2 }, lock: "1m" });
// @ts-expect-error a duration has a unit
queue("bad", { messages: { run: V2 }, lock: "30" });
// @ts-expect-error names with ~ are ours
queue("bad", { messages: { run: V2, "~run": V2 } });
// @ts-expect-error names with ~ are ours
notifications("bad", { messages: { "~run": V2 } });

// Narrowing keeps the channel and drops the other messages.
const narrowed = only(orders, "placed");
same<(typeof narrowed)["~channel"]["needs"][number], "topics" | "topics:sessions">();
use(narrowed.placed);
// @ts-expect-error it was left out
use(narrowed.changed);
// @ts-expect-error no such message
only(orders, "lost");
