import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { event, type Message, type StandardSchema } from "waybill/contracts";
import * as z from "zod";
import { compileMessage } from "../../src/contracts/compiled-message.js";
import type { WaybillError } from "../../src/errors.js";
import { orderByLibrary } from "./libraries.js";

const order = { orderId: "o-1", total: 1.5, lines: [{ sku: "a" }] };

describe.each(Object.entries(orderByLibrary))("a message declared with %s", (_, message) => {
  const compiled = compileMessage(message);

  it("needs no warning", () => {
    expect(compiled.warning).toBeUndefined();
  });

  it("sends the input without what is not declared, and its key", () => {
    const given = { ...order, password: "p", lines: [{ sku: "a", cost: 1 }] };
    expect(compiled.toWire(given)).toEqual({ data: order, key: "o-1" });
  });

  it("refuses an input with the type, the version and the path, and does not quote the value", () => {
    const error = errorOf(() => compiled.toWire({ ...order, total: "hunter2" }));
    expect(error).toMatchObject({ code: "invalidMessage", class: "permanent" });
    expect(error.message).toContain("orders.placed v2 is not valid");
    expect(error.message).toContain("/total");
    expect(error.message).not.toContain("hunter2");
  });

  it("names the path inside an array", () => {
    expect(errorOf(() => compiled.toWire({ ...order, lines: [{ sku: 1 }] })).message).toContain(
      "/lines/0/sku",
    );
  });

  it("reads its own version, also when none is given", () => {
    expect(compiled.fromWire(2, order)).toEqual(order);
    expect(compiled.fromWire(undefined, order)).toEqual(order);
  });

  it("lifts the version before", () => {
    expect(compiled.fromWire(1, { id: "o-1", cents: 150 })).toEqual({
      orderId: "o-1",
      total: 1.5,
      lines: [],
    });
  });

  it("refuses what has come and does not fit", () => {
    const error = errorOf(() => compiled.fromWire(2, { ...order, orderId: 5 }));
    expect(error).toMatchObject({ code: "schemaInvalid", class: "poison" });
    expect(error.message).toContain("/orderId");
  });

  it("refuses an old version that does not fit its own schema, by that version's name", () => {
    const error = errorOf(() => compiled.fromWire(1, { id: "o-1" }));
    expect(error.code).toBe("schemaInvalid");
    expect(error.message).toContain("orders.placed v1");
  });

  it("refuses what an upcaster makes if it does not fit", () => {
    const error = errorOf(() => compiled.fromWire(1, { id: "", cents: 1 }));
    expect(error).toMatchObject({ code: "upcastFailed", class: "poison" });
    expect(error.message).toContain("orders.placed v2, as made by .from()");
  });
});

describe("the versions of a message", () => {
  const v1 = event("t.chain", { version: 1, schema: z.object({ a: z.string() }) });
  const v2 = event("t.chain", { version: 2, schema: z.object({ b: z.string().default("b2") }) });
  const v4 = event("t.chain", { version: 4, schema: z.object({ c: z.string(), d: z.number().default(4) }) });
  const chain = v4.from(
    v2.from(v1, ({ a }) => ({ b: a })),
    ({ b }) => ({ c: b }),
  );

  it("chain step by step, each filling the defaults of its schema", () => {
    const { fromWire } = compileMessage(chain);
    expect(fromWire(1, { a: "x" })).toEqual({ c: "x", d: 4 });
    expect(fromWire(2, {})).toEqual({ c: "b2", d: 4 });
    expect(fromWire(4, { c: "x", d: 1 })).toEqual({ c: "x", d: 1 });
  });

  it.each([5, 1_000])("refuses version %d, newer than any known, as one to wait for", (version) => {
    const error = errorOf(() => compileMessage(chain).fromWire(version, {}));
    expect(error).toMatchObject({ code: "unknownVersion", class: "versionAhead" });
    expect(error.message).toContain(`v${String(version)} is newer than v4`);
  });

  it.each([0, 3, -1, 1.5, Number.NaN])("refuses version %d, which no step leads from", (version) => {
    expect(errorOf(() => compileMessage(chain).fromWire(version, {}))).toMatchObject({
      code: "noUpcaster",
      class: "poison",
    });
  });

  it("keep the cause when a step throws", () => {
    const cause = new Error("no rate");
    const failing = v2.from(v1, () => {
      throw cause;
    });
    const error = errorOf(() => compileMessage(failing).fromWire(1, { a: "x" }));
    expect(error).toMatchObject({ code: "upcastFailed", cause });
    expect(error.message).toContain(".from() v1 threw");
  });
});

describe("a compiled message", () => {
  it("is compiled once", () => {
    const message = event("t.once", { version: 1, schema: z.object({}) });
    expect(compileMessage(message)).toBe(compileMessage(message));
  });

  it("sends the input, not the output", () => {
    const message = event("t.input", {
      version: 1,
      schema: z.object({ at: z.iso.datetime().transform((iso) => new Date(iso)), n: z.number().default(1) }),
    });
    expect(compileMessage(message).toWire({ at: "2026-01-01T00:00:00Z" })).toEqual({
      data: { at: "2026-01-01T00:00:00Z" },
      key: undefined,
    });
    expect(compileMessage(message).fromWire(1, { at: "2026-01-01T00:00:00Z" })).toEqual({
      at: new Date("2026-01-01T00:00:00Z"),
      n: 1,
    });
  });

  it("computes the key from the output", () => {
    const message = event("t.key", {
      version: 1,
      schema: z.object({ region: z.string().default("eu") }),
      key: (data) => data.region,
    });
    expect(compileMessage(message).toWire({})).toEqual({ data: {}, key: "eu" });
  });

  it.each<[string, unknown, string, string]>([
    ["is empty", "", "keyRequired", "empty key"],
    ["is missing", undefined, "keyRequired", "empty key"],
    ["is a number", 7, "invalidMessage", "a number"],
    ["is too long", "x".repeat(129), "invalidMessage", "129 characters"],
  ])("refuses a key that %s", (_, key, code, text) => {
    const message = event("t.key", { version: 1, schema: z.any(), key: () => key as string });
    const error = errorOf(() => compileMessage(message).toWire({}));
    expect(error.code).toBe(code);
    expect(error.message).toContain(text);
  });

  it("keeps the cause when the key function throws", () => {
    const message = event("t.key", {
      version: 1,
      schema: z.any(),
      key: () => {
        throw new RangeError("no");
      },
    });
    const error = errorOf(() => compileMessage(message).toWire({}));
    expect(error.code).toBe("invalidMessage");
    expect(error.cause).toBeInstanceOf(RangeError);
  });

  it("keeps the cause when the schema throws", () => {
    const cause = new Error("broken");
    const message = event("t.throws", { version: 1, schema: schemaOf(() => Promise.reject(cause)) });
    return expect(compileMessage(message).toWire({})).rejects.toMatchObject({
      code: "invalidMessage",
      cause,
    });
  });

  it("awaits an asynchronous schema, and only that", async () => {
    const message = event("t.async", {
      version: 2,
      schema: z.object({ a: z.string().refine((a) => Promise.resolve(a !== "bad")) }),
    }).from(event("t.async", { version: 1, schema: z.object({ b: z.string() }) }), ({ b }) => ({ a: b }));
    const { toWire, fromWire } = compileMessage(message);
    const sent = toWire({ a: "x", p: 1 });
    expect(sent).toBeInstanceOf(Promise);
    expect(await sent).toEqual({ data: { a: "x" }, key: undefined });
    expect(await fromWire(1, { b: "x" })).toEqual({ a: "x" });
    await expect(toWire({ a: "bad" })).rejects.toMatchObject({ code: "invalidMessage" });
    await expect(fromWire(1, { b: "bad" })).rejects.toMatchObject({ code: "upcastFailed" });
  });

  it("answers at once for a synchronous schema", () => {
    const { toWire } = compileMessage(event("t.sync", { version: 1, schema: z.object({}) }));
    expect(toWire({})).not.toBeInstanceOf(Promise);
  });

  it.each<[string, StandardSchema, string]>([
    ["a library without JSON Schema", v.object({ a: v.string() }), "toStandardJsonSchema()"],
    ["a schema that JSON Schema cannot say", z.object({ a: z.instanceof(URL) }), "cannot be represented"],
    ["an own schema", schemaOf((value) => ({ value })), "fromJsonSchema()"],
  ])("warns that %s travels as it is given", (_, schema, remedy) => {
    const { warning } = compileMessage(event("t.warns", { version: 1, schema }));
    expect(warning).toContain("t.warns v1 travels as it is given");
    expect(warning).toContain(remedy);
  });

  it("sends the value itself where there is no JSON Schema", () => {
    const { toWire } = compileMessage(event("t.as-is", { version: 1, schema: v.object({ a: v.string() }) }));
    const given = { a: "x", p: 1 };
    expect((toWire(given) as { readonly data: unknown }).data).toBe(given);
  });

  it("refuses a contract in a newer format, and what is none", () => {
    const message = event("t.format", { version: 1, schema: z.any() });
    const newer = { ...message, "~message": { ...message["~message"], format: 2 } } as unknown as Message;
    expect(errorOf(() => compileMessage(newer)).message).toContain("update waybill");
    expect(errorOf(() => compileMessage({} as Message)).code).toBe("invalidContract");
  });
});

describe("the text of a refusal", () => {
  const refusal = (
    issues: readonly { message: string; path?: readonly string[] }[],
    data: unknown,
  ): string => {
    const message = event("t.text", { version: 1, schema: schemaOf(() => ({ issues })) });
    return errorOf(() => compileMessage(message).toWire(data)).message;
  };

  it("names at most five issues and counts the others", () => {
    const issues = Array.from({ length: 12 }, (_, index) => ({
      message: "bad",
      path: [`p${String(index)}`],
    }));
    expect(refusal(issues, {})).toBe(
      "t.text v1 is not valid: /p0: bad; /p1: bad; /p2: bad; /p3: bad; /p4: bad; and 7 more",
    );
  });

  it("is bounded and free of control characters", () => {
    const text = refusal(
      [{ message: `a\u0000\n\u001b[31m${"b".repeat(5_000)}`, path: ["k\n".repeat(500)] }],
      {},
    );
    expect(text.length).toBeLessThan(400);
    expect(text).not.toMatch(/\p{Cc}/u);
  });

  it.each([
    ['must be a number (was "hunter2")', "must be a number"],
    ['Invalid type: Expected number but received "hunter2"', "Invalid type: Expected number"],
    ["hunter2 is no number", "… is no number"],
  ])("does not quote the value in %j", (message, said) => {
    expect(refusal([{ message, path: ["a"] }], { a: "hunter2" })).toBe(`t.text v1 is not valid: /a: ${said}`);
  });

  it("escapes names in paths as JSON pointers do", () => {
    expect(refusal([{ message: "bad", path: ["a/b", "c~d"] }], {})).toContain("/a~1b/c~0d: bad");
  });
});

function schemaOf(validate: StandardSchema["~standard"]["validate"]): StandardSchema {
  return { "~standard": { version: 1, vendor: "own", validate } };
}

function errorOf(act: () => unknown): WaybillError {
  try {
    act();
  } catch (error) {
    return error as WaybillError;
  }
  throw new Error("nothing was thrown");
}
