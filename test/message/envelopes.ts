import fc from "fast-check";
import type { Envelope, HeaderValue } from "../../src/message/envelope.js";
import { isReservedName, isSafeName } from "../../src/message/header-rules.js";

const text = fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" });
const count = fc.nat();
const traceparent = fc
  .tuple(fc.nat(), fc.nat())
  .map(([trace, span]) => `00-${String(trace).padStart(32, "0")}-${String(span).padStart(16, "0")}-01`);

const headerValue: fc.Arbitrary<HeaderValue> = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.boolean(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value)),
);
const headerName = text.filter((name) => isSafeName(name) && !isReservedName(name));
const extensionName = fc
  .stringMatching(/^x[a-z0-9]{1,15}$/)
  .filter((name) => isSafeName(name) && !isReservedName(name));

/** Envelopes as Waybill makes them. `body` is any bytes, often JSON. */
export const envelopes: fc.Arbitrary<Envelope> = fc
  .record(
    {
      id: text,
      brokerId: text,
      source: text,
      type: text,
      version: count,
      key: text,
      time: text,
      dataSchema: text,
      dataRef: text,
      dataBytes: count,
      dataSha256: text,
      contentType: fc.constantFrom(
        "application/json",
        "application/x+JSON; charset=utf-8",
        "image/png",
        "text/plain",
      ),
      correlationId: text,
      causationId: text,
      replyTo: text,
      traceparent,
      tracestate: text,
      ttlMs: count,
      headers: fc.dictionary(headerName, headerValue, { maxKeys: 8 }),
      history: fc.record(
        { attempts: count, uncounted: count, firstFailedAt: text, redrives: count, addressedTo: text },
        { requiredKeys: [] },
      ),
      extensions: fc.dictionary(extensionName, headerValue, { maxKeys: 8 }),
      body: fc.oneof(
        fc.json({ maxDepth: 5 }).map((json) => Buffer.from(json)),
        fc.json({ maxDepth: 2 }).map((json) => Buffer.from(` ${json}\n`)),
        fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      ),
    },
    { requiredKeys: ["id", "source", "type", "headers", "history", "extensions", "body"] },
  )
  .filter(({ id, brokerId }) => id !== brokerId);

/** An envelope with the least that it needs. */
export const envelope = (parts: Partial<Envelope> = {}): Envelope => ({
  id: "m-1",
  source: "storefront",
  type: "tailwind.orders.order-placed",
  headers: {},
  history: {},
  extensions: {},
  body: Buffer.from("{}"),
  ...parts,
});

/** Runs what must fail and gives the code and the text of its failure. */
export function failureOf(run: () => unknown): { readonly code: unknown; readonly message: string } {
  try {
    run();
  } catch (error) {
    if (error instanceof Error && "code" in error) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("it did not fail");
}
