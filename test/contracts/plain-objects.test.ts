import { describe, expect, it, vi } from "vitest";
import * as ours from "waybill/contracts";
import * as z from "zod";
import { compileMessage } from "../../src/contracts/compiled-message.js";

const schema = z.object({ id: z.string() });
const definition = {
  version: 1,
  schema,
  examples: [{ id: "1" }],
  sensitive: ["/id"],
  description: "d",
} as const;

function declare(waybill: typeof ours) {
  const Old = waybill.event("t.x", definition);
  const New = waybill
    .event("t.x", { ...definition, version: 2, key: (data) => data.id })
    .from(Old, (old) => old);
  const messages = { x: New };
  return {
    New,
    queue: waybill.queue("q", { messages, ordered: "by-key", scheduled: true, dedupWindow: "10m" }),
    topic: waybill.topic("t", { messages, subscriptions: { eu: { where: { region: "eu" } } } }),
    stream: waybill.stream("s", { messages }),
    notifications: waybill.notifications("n", { messages }),
    only: waybill.only(waybill.topic("t", { messages }), "x"),
  };
}

describe.each(Object.entries(declare(ours)))("the %s of a contract package", (_, contract) => {
  const parts = partsOf(contract);

  it("is frozen in every part", () => {
    expect(parts.filter(({ value }) => !Object.isFrozen(value)).map(({ path }) => path)).toEqual([]);
  });

  it("consists of plain objects, arrays and functions, without classes and symbols", () => {
    expect(parts.filter(({ value }) => !isPlain(value)).map(({ path }) => path)).toEqual([]);
    expect(parts.flatMap(({ value }) => Object.getOwnPropertySymbols(value))).toEqual([]);
  });

  it("says its format", () => {
    const formats = parts.filter(({ path }) => /~(message|channel|target)$/.test(path));
    expect(formats.length).toBeGreaterThan(0);
    expect(formats.map(({ value }) => (value as { readonly format: unknown }).format)).toEqual(
      formats.map(() => 1),
    );
  });
});

describe("a contract", () => {
  it("does not freeze what the caller gave", () => {
    const examples = [{ id: "1" }];
    const messages = { x: ours.event("t.x", { version: 1, schema, examples }) };
    const subscriptions = { eu: { where: { region: "eu" } } };
    ours.topic("t", { messages, subscriptions });
    const given = [schema, examples, examples[0], messages, subscriptions, subscriptions.eu];
    expect(given.map((value) => Object.isFrozen(value))).toEqual(given.map(() => false));
  });

  it("does not change when the caller's objects do", () => {
    const messages: Record<string, ours.Message> = { x: ours.event("t.x", { version: 1, schema }) };
    const channel = ours.queue("q", { messages });
    delete messages["x"];
    expect(Object.keys(channel["~channel"].messages)).toEqual(["x"]);
  });

  it("works across two copies of waybill, in either direction", async () => {
    vi.resetModules();
    const theirs = await import("waybill/contracts");
    expect(theirs.event).not.toBe(ours.event);
    for (const [first, second] of [
      [ours, theirs],
      [theirs, ours],
    ] as const) {
      const { New, topic } = declare(first);
      const v3 = second.event("t.x", { version: 3, schema }).from(New, (data) => data);
      expect(compileMessage(v3).fromWire(1, { id: "1" })).toEqual({ id: "1" });
      expect(compileMessage(New).toWire({ id: "1" })).toEqual({ data: { id: "1" }, key: "1" });
      expect(second.only(topic, "x").x["~target"].message).toBe(New);
      expect(second.queue("mixed", { messages: { old: New } }).old["~target"].message).toBe(New);
    }
  });
});

interface Part {
  readonly path: string;
  readonly value: object;
}

/** Every object of a contract that is waybill's own: the schema belongs to its library. */
function partsOf(root: object): readonly Part[] {
  const parts = new Map<object, string>();
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== "object" || value === null || value === schema || parts.has(value)) return;
    parts.set(value, path);
    for (const [name, part] of Object.entries(value)) visit(part, `${path}.${name}`);
  };
  visit(root, "");
  return [...parts].map(([value, path]) => ({ path, value }));
}

const isPlain = (value: object): boolean =>
  Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
