import { createNotifier } from "../../../adapters/memory/broker/notifier/notifier.js";
import type { PublishRequest } from "../../../adapters/memory/broker/notifier/publish-request.js";
import { corpus } from "../corpus.js";
import { jsonText, nearlyJson } from "../json-texts.js";
import { mutated, mutatedBytes } from "../mutate.js";
import type { Random } from "../random.js";
import { must, type Target, type Trial } from "../target.js";
import { hostileText } from "../texts.js";

/** Requests to the publish door of the notifier: body, headers, key and signature. It answers, and never throws. */
export const publishDoor: Target = {
  name: "publish-door",
  make(random) {
    const topic = random.pick(topics);
    return trial(topic, requestOf(random, topic));
  },
  refuses: (error) => error instanceof Refused,
  growing: {
    "a batch": (size) => batch(Array.from({ length: size }, () => event("1")).join()),
    "deep data": (size) => batch(event("[".repeat(size) + "]".repeat(size))),
    "deep data of the Event Grid schema": (size) =>
      trial(
        "grid",
        post(`[${gridEvent(`${'{"a":'.repeat(size)}1${"}".repeat(size)}`)}]`, "application/json"),
      ),
    "what is no JSON": (size) => batch("{".repeat(size)),
    "a signature": (size) =>
      trial("keys", { ...post("[]", "x"), headers: { "aeg-sas-token": "&s=".repeat(size) } }),
  },
};

/** The door answered with an error. */
class Refused extends Error {}

const topics = ["cloud", "cloud", "grid", "grid", "keys", "missing"] as const;
type TopicName = (typeof topics)[number];

const key = Buffer.from("a key").toString("base64");
const startMs = Date.UTC(2026, 0, 1);
const contentTypes = [
  "application/json",
  "application/cloudevents+json; charset=utf-8",
  "application/cloudevents-batch+json",
  "text/plain",
  "",
  ";",
];

const event = (data: string): string =>
  `{"specversion":"1.0","id":"a","source":"s","type":"t","data":${data}}`;
const gridEvent = (data: string): string =>
  `{"id":"a","subject":"s","eventType":"t","eventTime":"2026-01-01T00:00:00Z","dataVersion":"1","data":${data}}`;
const batch = (events: string): Trial =>
  trial("cloud", post(`[${events}]`, "application/cloudevents-batch+json"));
const post = (body: string, contentType: string): PublishRequest => ({
  url: "/api/events",
  headers: { "content-type": contentType },
  body: Buffer.from(body),
});

function trial(topic: TopicName, request: PublishRequest): Trial {
  const text = Buffer.from(request.body).toString("latin1");
  return {
    input: { topic, ...request, body: text },
    size: text.length + JSON.stringify([request.url, request.headers]).length,
    run() {
      const { notifier, taken } = stage();
      const result = notifier.publish(topic, request);
      must([200, 400, 401, 404, 413].includes(result.status), "the status is one of the door");
      must(result.status === 200 || (result.error?.message.length ?? 0) < 400, "a refusal quotes no payload");
      for (const json of taken()) {
        must(topic !== "cloud" || JSON.parse(json) !== undefined, "what is delivered is JSON");
      }
      // A refusal is an answer of the door; the count of what was taken is told apart by it.
      if (result.status !== 200) throw new Refused(String(result.status));
      return result;
    },
  };
}

/** Its topics pass events to subscriptions whose filters look into them. */
function stage() {
  const bodies: string[] = [];
  const notifier = createNotifier({ startMs, deliver: ({ body }) => void bodies.push(body) });
  notifier.createTopic("cloud");
  const filter = {
    advancedFilters: [{ operatorType: "StringNotContains", key: "data.a.b", values: ["x"] } as const],
    subjectBeginsWith: "",
  };
  const pull = notifier.createPullSubscription("cloud", "all");
  notifier.createPullSubscription("cloud", "some", { filter });
  notifier.createTopic("grid", { kind: "custom", schema: "eventGrid" });
  const hook = { endpoint: "http://localhost/", validation: "none" } as const;
  notifier.createPushSubscription("grid", "hook", { ...hook, schema: "cloudEvents", filter });
  notifier.createTopic("keys", { kind: "custom", keys: [key] });
  notifier.createPushSubscription("keys", "hook", hook);
  return { notifier, taken: () => [...pull.take(100).map(({ eventJson }) => eventJson), ...bodies] };
}

const samples = corpus("cloud-events");
const tokens = ['"id":"x",', '"specversion":"1.0"', ",", "{", "}", "[", "]", '"', "null", '"data":', "\\"];
const signatures = [
  "r=https%3a%2f%2fx&e=1%2f1%2f2030 1:00:00 AM&s=AAAA",
  "r=x&e=y&s=%",
  "&s=&s=",
  "r=1&e=99999999999999&s=" + "A".repeat(43) + "=",
];

const fitting: Readonly<Record<TopicName, readonly string[]>> = {
  cloud: ["application/cloudevents+json", "application/cloudevents-batch+json"],
  keys: ["application/cloudevents+json", "application/cloudevents-batch+json"],
  grid: ["application/json"],
  missing: [""],
};

function requestOf(random: Random, topic: TopicName): PublishRequest {
  const contentType = random.pick(random.chance(0.8) ? fitting[topic] : contentTypes);
  const headers: Record<string, string> = { "content-type": contentType };
  if (random.chance(0.2)) {
    for (const name of ["specversion", "id", "source", "type", "subject", "__proto__", "data"]) {
      if (random.chance(0.7))
        headers[`ce-${name}`] = random.pick(["1.0", "%F0%9F%98%80", "%", "x", hostileText(random)]);
    }
  }
  if (random.chance(topic === "keys" ? 0.7 : 0.1))
    headers["aeg-sas-key"] = random.pick([key, key, "", hostileText(random)]);
  if (random.chance(0.3))
    headers["aeg-sas-token"] = mutated(random, random.pick(signatures), ["&", "=", "%", "&s="]);
  if (random.chance(0.1)) headers["authorization"] = `SharedAccessSignature ${hostileText(random)}`;
  return {
    url: random.chance(0.8)
      ? "/api/events"
      : `/api/events?${hostileText(random)}&aeg-sas-key=${hostileText(random)}`,
    headers,
    body: mutatedBytes(random, bodyText(random, topic === "grid", contentType.includes("batch"))),
  };
}

function bodyText(random: Random, grid: boolean, batched: boolean): string {
  const kind = random.below(10);
  if (kind === 0) return nearlyJson(random);
  const events = Array.from({ length: 1 + random.below(3) }, () => eventText(random, grid));
  const list = grid || batched || kind === 1;
  const text = list ? `[${events.join()}]` : (events[0] ?? "");
  return random.chance(0.2) ? mutated(random, text, tokens) : text;
}

function eventText(random: Random, grid: boolean): string {
  if (random.chance(0.1)) return random.pick(samples);
  return grid ? gridEvent(jsonText(random, 3)) : event(jsonText(random, 3));
}
