import { readEvent } from "../../../adapters/event-grid/event-delivery.js";
import { eventsOf } from "../../../adapters/event-grid/pushed-events.js";
import { corpus } from "../corpus.js";
import { jsonText, nearlyJson } from "../json-texts.js";
import { mutated, mutatedBytes } from "../mutate.js";
import type { Random } from "../random.js";
import { must, type Target, type Trial } from "../target.js";
import { hostileText } from "../texts.js";
import { checkEnvelope } from "./amqp-messages.js";

/** Bodies that somebody pushes to a webhook, in both schemas: each is refused as a whole, or all of its events are told. */
export const pushedEvents: Target = {
  name: "pushed-events",
  make: (random) => trial(mutatedBytes(random, bodyText(random)), countText(random)),
  refuses: (error) => error instanceof Refused,
  growing: {
    "a list of nothing": (size) => trial(Buffer.from(`[${"1,".repeat(size)}1]`)),
    "a list of events": (size) =>
      trial(Buffer.from(`[${`${cloudEvent("1")},`.repeat(size)}${cloudEvent("1")}]`)),
    "a list in a list": (size) => trial(Buffer.from("[".repeat(size) + "]".repeat(size))),
    "deep data": (size) => trial(Buffer.from(cloudEvent(`${'{"a":'.repeat(size)}1${"}".repeat(size)}`))),
    "what is no JSON": (size) => trial(Buffer.from("[{".repeat(size))),
    "a count of deliveries": (size) => trial(Buffer.from(cloudEvent("1")), "9".repeat(size)),
  },
};

/** It is no body of events. */
class Refused extends Error {}

function trial(body: Buffer, count = ""): Trial {
  return {
    input: { body: body.toString("latin1"), count },
    size: body.length + count.length,
    run() {
      const headers = new Headers(count === "" ? {} : { "aeg-delivery-count": count });
      const events = eventsOf(body, headers);
      if (events === undefined || events === "too many") throw new Refused();
      for (const { json, deliveryCount } of events) {
        must(Number.isSafeInteger(deliveryCount) && deliveryCount >= 1, "deliveries are counted from 1");
        JSON.parse(json);
        const { envelope } = readEvent(json);
        checkEnvelope(envelope);
        must(envelope.id !== "", "every event has an id");
      }
      return events.length;
    },
  };
}

const cloudEvent = (data: string): string =>
  `{"specversion":"1.0","id":"a","source":"s","type":"t","data":${data}}`;
const gridEvent = (data: string): string =>
  `{"id":"a","subject":"s","eventType":"t","eventTime":"2026-01-01T00:00:00Z","dataVersion":"1","data":${data}}`;

const samples = corpus("cloud-events");
const tokens = [
  '"id":"x",',
  '"eventType":"t",',
  '"specversion":"1.0",',
  ",",
  "{",
  "}",
  "[",
  "]",
  '"',
  "\\u0000",
  "null",
];

const countText = (random: Random): string =>
  random.chance(0.7) ? random.pick(["0", "9", "999999", "1000000", "-1", "1e3", " 7"]) : "";

function bodyText(random: Random): string {
  const kind = random.below(10);
  if (kind === 0) return nearlyJson(random);
  if (kind === 1) return hostileText(random);
  const events = Array.from({ length: random.below(4) }, () => eventText(random));
  const text = random.chance(0.7) ? `[${events.join()}]` : (events[0] ?? "");
  return random.chance(0.4) ? mutated(random, text, tokens) : text;
}

function eventText(random: Random): string {
  if (random.chance(0.3)) return random.pick(samples);
  return random.pick([cloudEvent, gridEvent])(jsonText(random, 3));
}
