import { describe, expect, it } from "vitest";
import { diagnosticsOf, lastLineOf } from "./diagnostics.js";

const head = `
  import { type } from "arktype";
  import * as v from "valibot";
  import { command, event, fromJsonSchema, only, queue, topic } from "waybill/contracts";
  import * as z from "zod";
  const Old = event("t.v", { version: 1, schema: z.object({ s: z.string() }) });
  const New = event("t.v", { version: 2, schema: z.object({ n: z.number() }) });
  const orders = topic("orders", { messages: { placed: New } });
`;

const optionals = Array.from({ length: 40 }, (_, index) => `p${String(index)}: z.string().optional()`).join(
  ", ",
);

describe("the compiler's last line", { timeout: 60_000 }, () => {
  it("is absent for what is right", () => {
    expect(
      diagnosticsOf(`${head} New.from(Old, (old) => ({ n: old.s.length })); only(orders, "placed");`),
    ).toEqual([]);
  });

  it.each<[string, string, string]>([
    [
      "a Date",
      `event("t.x", { version: 1, schema: z.object({ at: z.date() }) })`,
      "✗ a Date does not survive JSON: use an ISO string (at at)",
    ],
    [
      "a bigint in an array",
      `command("t.x", { version: 1, schema: z.object({ lines: z.array(z.object({ n: z.bigint() })) }) })`,
      "✗ a bigint does not survive JSON: use a string (at lines[].n)",
    ],
    [
      "a Map",
      `event("t.x", { version: 1, schema: z.object({ m: z.map(z.string(), z.string()) }) })`,
      "✗ a Map or Set does not survive JSON: use an object or an array (at m)",
    ],
    [
      "bytes",
      `event("t.x", { version: 1, schema: z.object({ b: z.instanceof(Uint8Array) }) })`,
      "✗ bytes do not survive JSON: use a base64 string (at b)",
    ],
    [
      "a Date deep in a large schema",
      `event("t.x", { version: 1, schema: z.object({ ${optionals}, nested: z.object({ when: z.date() }) }) })`,
      "✗ a Date does not survive JSON: use an ISO string (at nested.when)",
    ],
    [
      "a Date at the root",
      `event("t.x", { version: 1, schema: z.date() })`,
      "✗ a Date does not survive JSON: use an ISO string",
    ],
    [
      "a Date of valibot",
      `event("t.x", { version: 1, schema: v.object({ at: v.date() }) })`,
      "✗ a Date does not survive JSON: use an ISO string (at at)",
    ],
    [
      "a Date of arktype, beside a key function",
      `event("t.x", { version: 1, schema: type({ at: "Date" }), key: (data) => data.at.toISOString() })`,
      "✗ a Date does not survive JSON: use an ISO string (at at)",
    ],
    [
      "a reserved message name",
      `queue("jobs", { messages: { run: New, "~run": New } })`,
      "✗ names with ~ are reserved",
    ],
  ])("names what is wrong with %s", (_, code, sentence) => {
    expect(lastLineOf(`${head} ${code};`)).toMatch(
      new RegExp(`is not assignable to type '"${escaped(sentence)}"'\\.$`),
    );
  });

  it.each<[string, string, string]>([
    [
      "a wrong upcaster",
      `New.from(Old, (old) => ({ n: old.s }))`,
      "Type 'string' is not assignable to type 'number'.",
    ],
    [
      "an incomplete upcaster",
      `New.from(Old, () => ({}))`,
      "Property 'n' is missing in type '{}' but required in type '{ n: number; }'.",
    ],
    [
      "an upcaster from another type",
      `New.from(event("t.other", { version: 1, schema: z.string() }), () => ({ n: 1 }))`,
      `Type '"t.other"' is not assignable to type '"t.v"'.`,
    ],
    [
      "a key that is a number",
      `event("t.x", { version: 1, schema: z.object({ n: z.number() }), key: (data) => data.n })`,
      "Type 'number' is not assignable to type 'string'.",
    ],
    [
      "an unknown name in only()",
      `only(orders, "lost")`,
      `Argument of type '"lost"' is not assignable to parameter of type '"placed"'.`,
    ],
    [
      "something that is no message",
      `queue("jobs", { messages: { run: z.string() } })`,
      `Type 'ZodString' is missing the following properties from type 'Message<string, number, unknown, unknown>': "~message", from`,
    ],
  ])("is short for %s", (_, code, line) => {
    expect(lastLineOf(`${head} ${code};`)).toBe(line);
  });

  it("lists the units for a duration without one", () => {
    // The order of the units follows what was checked before.
    const line = lastLineOf(`${head} queue("jobs", { messages: { run: New }, lock: "30" });`);
    expect(line).toMatch(
      /^Type '"30"' is not assignable to type '(`\$\{number\}(ms|s|m|h|d)`( \| )?){5}'\.$/,
    );
  });

  it("names the channel and the message that it lacks", () => {
    expect(lastLineOf(`${head} orders.lost;`)).toMatch(
      /^Property 'lost' does not exist on type 'ChannelRef<"orders", "topic", .*'\.$/,
    );
  });
});

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
