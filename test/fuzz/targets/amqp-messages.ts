import { isDeepStrictEqual } from "node:util";
import { isWaybillError } from "../../../src/errors.js";
import { fromAmqp, toAmqp, type IncomingAmqpMessage } from "../../../src/message/amqp-binding.js";
import type { Envelope } from "../../../src/message/envelope.js";
import { corpus } from "../corpus.js";
import { nearlyJson } from "../json-texts.js";
import type { Random } from "../random.js";
import { must, type Target, type Trial } from "../target.js";
import { hostileText, names } from "../texts.js";
import { bagOf, hostileValue } from "../values.js";

/** Messages of AMQP brokers: properties that a foreign sender may have filled with anything. */
export const amqpMessages: Target = {
  name: "amqp-messages",
  make: (random) => trial(messageOf(random)),
  refuses: (error) => isWaybillError(error) && error.code === "undecodable",
  growing: {
    properties: (size) => trial({ body, applicationProperties: manyNames(size, "p") }),
    "properties with a colon": (size) =>
      trial({ body, applicationProperties: manyNames(size, "cloudEvents:p") }),
    "the value of a property": (size) => trial({ body, applicationProperties: { a: "x".repeat(size) } }),
    "a structured body": (size) =>
      trial({
        body: Buffer.from(`{"specversion":"1.0","id":"a","data":[${"1,".repeat(size)}1]}`),
        contentType: "application/cloudevents+json",
      }),
  },
};

const body = Buffer.from("{}");

const manyNames = (count: number, prefix: string): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [prefix + String(index), "v"]));

function trial(message: IncomingAmqpMessage): Trial {
  return {
    input: message,
    size: message.body.length + sizeOf(message.applicationProperties ?? {}),
    run() {
      const envelope = fromAmqp(message, "fallback");
      checkEnvelope(envelope);
      const copy = copyOf(envelope);
      if (copy !== undefined)
        must(isDeepStrictEqual(copy, envelope), "a copy on the wire is read as the same");
      return envelope;
    },
  };
}

/** What Waybill reads from its own copy of the message, unless an id or a key is too long for a copy. */
function copyOf(envelope: Envelope): Envelope | undefined {
  try {
    return fromAmqp(toAmqp(envelope, { key: "session" }), "fallback");
  } catch (error) {
    if (
      isWaybillError(error) &&
      error.code === "invalidMessage" &&
      error.message.includes("the broker takes 128")
    ) {
      return undefined;
    }
    throw error;
  }
}

/** What holds of every envelope that comes from outside. */
export function checkEnvelope({ id, headers, extensions, history, version, ttlMs }: Envelope): void {
  must(typeof id === "string" && id !== "", "an envelope has an id");
  must(
    Object.keys(headers).length + Object.keys(extensions).length <= 64,
    "at most 64 headers and extensions",
  );
  for (const map of [headers, extensions]) {
    must(Object.getPrototypeOf(map) === null, "maps of headers have no prototype");
    for (const name in map) {
      must(
        !["", "__proto__", "constructor", "prototype"].includes(name),
        "no header has a name that does something",
      );
      must(["string", "number", "boolean"].includes(typeof map[name]), "headers are plain values");
    }
  }
  for (const count of [version, ttlMs, history.attempts, history.uncounted, history.redrives]) {
    must(
      count === undefined || (Number.isSafeInteger(count) && count >= 0),
      "counts are whole and not negative",
    );
  }
}

const events = corpus("cloud-events");
const ownNames = [
  ..."id source type subject time dataschema datacontenttype specversion wbversion wbttl wbattempt".split(
    " ",
  ),
  ..."wbuncounted wbredrives wbto wbfirstfailed wbcausation wbreplyto traceparent tracestate partner".split(
    " ",
  ),
].flatMap((name) => [`cloudEvents_${name}`, `cloudEvents:${name}`, name]);

function propertyName(random: Random): string {
  const kind = random.below(10);
  if (kind < 5) return random.pick(ownNames);
  return kind < 8 ? random.pick(names) : hostileText(random);
}

function messageOf(random: Random): IncomingAmqpMessage {
  const maybeText = (): string | undefined => (random.chance(0.3) ? hostileText(random) : undefined);
  const structured = random.chance(0.2);
  const text = structured ? random.pick(events) : nearlyJson(random);
  return {
    messageId: random.chance(0.5) ? hostileValue(random) : "m-1",
    body: Buffer.from(text),
    contentType: structured ? "application/cloudevents+json; charset=utf-8" : maybeText(),
    subject: maybeText(),
    sessionId: maybeText(),
    partitionKey: maybeText(),
    correlationId: random.chance(0.3) ? hostileValue(random) : undefined,
    replyTo: maybeText(),
    timeToLiveMs: random.pick([undefined, 0, 1, -1, 1.5, Number.NaN, Infinity, 86_400_000]),
    applicationProperties: random.chance(0.1) ? undefined : bagOf(random, propertyName, hostileValue),
  };
}

function sizeOf(properties: Readonly<Record<string, unknown>>): number {
  let size = 0;
  for (const name in properties) {
    const value = properties[name];
    size += name.length + (typeof value === "string" ? value.length : 8);
  }
  return size;
}
