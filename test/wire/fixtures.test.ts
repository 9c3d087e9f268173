import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type AmqpSpelling, fromAmqp, toAmqp } from "../../src/message/amqp-binding.js";
import { fromDeadLetterProperties, toDeadLetterProperties } from "../../src/message/dead-letter-record.js";
import type { DeadLetterRecord, Envelope } from "../../src/message/envelope.js";
import { fromStructuredJson, toStructuredJson } from "../../src/message/structured-json.js";

type WithTextBody<Value> = Omit<Value, "body"> & { readonly body: string };
type AmqpPicture = WithTextBody<ReturnType<typeof toAmqp>>;

/** A body in a fixture is base64. `rewritten` is what becomes of a message that Waybill would spell otherwise. */
interface AmqpFixture {
  readonly message: AmqpPicture;
  readonly envelope: WithTextBody<Envelope>;
  readonly rewritten?: AmqpPicture;
  readonly record?: DeadLetterRecord;
}

interface StructuredFixture {
  readonly text?: string;
  readonly base64?: string;
  readonly envelope: WithTextBody<Envelope>;
  readonly rewritten?: string;
}

const folder = new URL("./", import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
const of = (transport: string): string[] => names.filter((name) => name.startsWith(`${transport}.`));
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, folder), "utf8"));
const withBody = <Value extends { readonly body: string }>(value: Value) => ({
  ...value,
  body: Buffer.from(value.body, "base64"),
});
const picture = (value: { readonly body: Uint8Array }) => ({
  ...value,
  body: Buffer.from(value.body).toString("base64"),
});

describe.each([
  ["service-bus", "session"],
  ["event-hubs", "partition"],
] as const)("messages of %s", (transport, key) => {
  const spelling: AmqpSpelling = { key };

  it.each(of(transport))("%s is read as its envelope", (name) => {
    const fixture = read(name) as AmqpFixture;
    expect(picture(fromAmqp(withBody(fixture.message), "fallback-1"))).toEqual(fixture.envelope);
  });

  it.each(of(transport))("%s is written as it stands, in the same order", (name) => {
    const fixture = read(name) as AmqpFixture;
    const written = picture(toAmqp(withBody(fixture.envelope), spelling));
    expect(JSON.stringify(written)).toBe(JSON.stringify(fixture.rewritten ?? fixture.message));
  });
});

describe("the dead letter", () => {
  const fixture = read("service-bus.dead-letter.json") as AmqpFixture & { record: DeadLetterRecord };
  const properties = fixture.message.applicationProperties;

  it("says why it died", () => {
    const native = { deadLetterReason: String(properties["DeadLetterReason"]) };
    expect(fromDeadLetterProperties(properties, native)).toEqual(fixture.record);
  });

  it("has the properties that its record is written as", () => {
    expect(properties).toMatchObject(toDeadLetterProperties(fixture.record));
  });
});

describe("messages in structured JSON", () => {
  const textOf = ({ text, base64 = "" }: StructuredFixture): string =>
    text ?? Buffer.from(base64, "base64").toString("utf8");

  it.each([...of("event-grid"), ...of("storage-queue")])("%s is read as its envelope", (name) => {
    const fixture = read(name) as StructuredFixture;
    expect(picture(fromStructuredJson(Buffer.from(textOf(fixture))))).toEqual(fixture.envelope);
  });

  it.each([...of("event-grid"), ...of("storage-queue")])("%s is written byte for byte", (name) => {
    const fixture = read(name) as StructuredFixture;
    const written = Buffer.from(toStructuredJson(withBody(fixture.envelope))).toString("utf8");
    expect(written).toBe(fixture.rewritten ?? textOf(fixture));
  });
});

describe("the list of fixtures", () => {
  const listed = readFileSync(new URL("fixtures.sha256", folder), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("  ") as [string, string]);

  it.each(listed)("has %s for %s, which therefore nobody changed or deleted", (digest, name) => {
    const bytes = readFileSync(new URL(name, folder));
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(digest);
  });

  it("names every fixture: a new one is added with `sha256sum`", () => {
    expect(listed.map(([, name]) => name).sort()).toEqual([...names].sort());
  });
});
