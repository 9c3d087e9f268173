import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createNotifier, type Notifier } from "../../../../adapters/memory/broker/notifier/notifier.js";
import type { PublishResult } from "../../../../adapters/memory/broker/notifier/publish-request.js";
import { cloudEvent, gridEvent, hour, startMs } from "./fixtures.js";

const key = Buffer.from("a key of the topic").toString("base64");
const oneMiB = 1_048_576;

interface Posted {
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function post(notifier: Notifier, topic: string, body: unknown, how: Posted = {}): PublishResult {
  const { url = "/api/events?api-version=2018-01-01", headers = {} } = how;
  const bytes = new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
  return notifier.publish(topic, {
    url,
    headers: { "content-type": "application/json", ...headers },
    body: bytes,
  });
}

function gridTopic(keys: readonly string[] = []): { readonly notifier: Notifier; readonly bodies: string[] } {
  const bodies: string[] = [];
  const notifier = createNotifier({ startMs, deliver: (request) => void bodies.push(request.body) });
  notifier.createTopic("grid", { kind: "custom", schema: "eventGrid", keys, resourceId: "/topics/grid" });
  notifier.createPushSubscription("grid", "hook", { endpoint: "http://localhost/", validation: "none" });
  return { notifier, bodies };
}

function cloudTopic(): { readonly notifier: Notifier; readonly taken: () => readonly string[] } {
  const notifier = createNotifier({ startMs });
  notifier.createTopic("cloud");
  const subscription = notifier.createPullSubscription("cloud", "audit");
  return { notifier, taken: () => subscription.take(100).map((one) => one.eventJson) };
}

describe("looking at a notifier", () => {
  it("lists topics and their subscriptions in the order of creation", () => {
    const { notifier } = gridTopic([key]);
    notifier.createTopic("cloud");
    notifier.createPullSubscription("cloud", "audit");
    expect(notifier.topics()).toEqual(["grid", "cloud"]);
    expect(notifier.topicSettings("GRID")).toMatchObject({
      kind: "custom",
      schema: "eventGrid",
      keys: [key],
    });
    expect(notifier.subscriptions("cloud").map(({ name }) => name)).toEqual(["audit"]);
  });
});

describe("the expiry of a signature", () => {
  it("is judged by the sender's clock when that is told", () => {
    const { notifier } = gridTopic([key]);
    const signed = `r=x&e=${encodeURIComponent(new Date(startMs + hour).toISOString())}`;
    const signature = createHmac("sha256", Buffer.from(key, "base64")).update(signed).digest("base64");
    const headers = { "aeg-sas-token": `${signed}&s=${encodeURIComponent(signature)}` };
    notifier.advanceTo(startMs + 2 * hour);
    expect(() => notifier.authorize("grid", { url: "/", headers })).toThrow(/expired/);
    notifier.authorize("grid", { url: "/", headers, nowMs: startMs });
  });
});

describe("publishing over HTTP", () => {
  it("EG-1: a POST of an array of valid events is answered with 200", () => {
    const { notifier, bodies } = gridTopic();
    expect(post(notifier, "grid", [gridEvent("a"), gridEvent("b")])).toEqual({ status: 200 });
    expect(bodies).toHaveLength(2);
  });

  it.each(["id", "subject", "eventType", "eventTime", "dataVersion"])(
    "EG-2: an event of the Event Grid schema without %s is answered with 400, and none of the request is kept",
    (name) => {
      const { notifier, bodies } = gridTopic();
      const broken = Object.fromEntries(Object.entries(gridEvent("b")).filter(([member]) => member !== name));
      const result = post(notifier, "grid", [gridEvent("a"), broken]);
      expect(result).toMatchObject({ status: 400, error: { code: "BadRequest", details: [] } });
      expect(result.error?.message).toContain(`Event 1: "${name}"`);
      expect(bodies).toEqual([]);
    },
  );

  it.each(["specversion", "id", "source", "type"])(
    "EG-2: a CloudEvent without %s is answered with 400",
    (name) => {
      const { notifier, taken } = cloudTopic();
      const broken = Object.fromEntries(
        Object.entries(cloudEvent("b")).filter(([member]) => member !== name),
      );
      const headers = { "content-type": "application/cloudevents+json" };
      expect(post(notifier, "cloud", broken, { headers })).toMatchObject({ status: 400 });
      expect(taken()).toEqual([]);
    },
  );

  it.each([
    ["not JSON", "["],
    ["an object instead of an array", gridEvent("a")],
    ["an element that is no object", [1]],
    ["an element that is an array", [[]]],
    ["a time that is none", [gridEvent("a", { eventTime: "noon" })]],
    ["another topic", [gridEvent("a", { topic: "/topics/other" })]],
    ["another metadata version", [gridEvent("a", { metadataVersion: "2" })]],
  ])("EG-2: %s is answered with 400", (_, body) => {
    expect(post(gridTopic().notifier, "grid", body)).toMatchObject({ status: 400 });
  });

  it("refuses a body that is nested too deep to be printed again", () => {
    const nested = (levels: number): string => `${"[".repeat(levels)}"]]"${"]".repeat(levels)}`;
    const body = (levels: number): string =>
      JSON.stringify([gridEvent("a", { data: "here" })]).replace('"here"', nested(levels));
    expect(post(gridTopic().notifier, "grid", body(510))).toEqual({ status: 200 });
    expect(post(gridTopic().notifier, "grid", body(511))).toMatchObject({ status: 400 });
    expect(post(gridTopic().notifier, "grid", body(400_000))).toMatchObject({ status: 400 });
  });

  it("EG-2: bytes that are not UTF-8, and a content type of the other schema, are answered with 400", () => {
    const { notifier } = gridTopic();
    const headers = { "content-type": "application/json" };
    const body = Uint8Array.of(0x5b, 0xff, 0x5d);
    expect(notifier.publish("grid", { url: "/", headers, body })).toMatchObject({ status: 400 });
    const other = { headers: { "content-type": "application/cloudevents-batch+json" } };
    expect(post(notifier, "grid", [cloudEvent("a")], other)).toMatchObject({ status: 400 });
    expect(post(cloudTopic().notifier, "cloud", [cloudEvent("a")])).toMatchObject({ status: 400 });
  });

  it("EG-3: a wrong key, or none, is answered with 401", () => {
    const { notifier, bodies } = gridTopic([key]);
    const wrong = { headers: { "aeg-sas-key": Buffer.from("another").toString("base64") } };
    expect(post(notifier, "grid", [gridEvent("a")], wrong)).toMatchObject({ status: 401 });
    expect(post(notifier, "grid", [gridEvent("a")])).toMatchObject({
      status: 401,
      error: { code: "Unauthorized" },
    });
    expect(bodies).toEqual([]);
  });

  it("EG-4: an unknown topic is answered with 404", () => {
    expect(post(gridTopic().notifier, "nowhere", [gridEvent("a")])).toMatchObject({ status: 404 });
  });

  it("EG-5: an array of more than 1 MiB is answered with 413, one of exactly 1 MiB with 200", () => {
    const { notifier, taken } = cloudTopic();
    const headers = { "content-type": "application/cloudevents-batch+json" };
    const frame = JSON.stringify([cloudEvent("a", { data: "" })]).length;
    const exact = [cloudEvent("a", { data: "x".repeat(oneMiB - frame) })];
    const over = [cloudEvent("a", { data: "x".repeat(oneMiB - frame + 1) })];
    expect(post(notifier, "cloud", over, { headers })).toMatchObject({ status: 413 });
    expect(post(notifier, "cloud", exact, { headers })).toEqual({ status: 200 });
    expect(taken()).toHaveLength(1);
  });

  it("EG-6: more than 5 000 events of a custom topic, or 1 000 of a namespace, are refused", () => {
    const grid = gridTopic().notifier;
    const five = Array.from({ length: 5_001 }, () => gridEvent("a"));
    expect(post(grid, "grid", five)).toMatchObject({ status: 400 });
    expect(post(grid, "grid", five.slice(1))).toEqual({ status: 200 });
    const cloud = cloudTopic().notifier;
    const headers = { "content-type": "application/cloudevents-batch+json" };
    const one = Array.from({ length: 1_001 }, () => cloudEvent("a"));
    expect(post(cloud, "cloud", one, { headers })).toMatchObject({ status: 400 });
    expect(post(cloud, "cloud", one.slice(1), { headers })).toEqual({ status: 200 });
  });

  it.each<[string, Posted]>([
    ["the header aeg-sas-key", { headers: { "aeg-sas-key": key } }],
    ["the query aeg-sas-key", { url: `/api/events?aeg-sas-key=${encodeURIComponent(key)}` }],
    ["the scheme SharedAccessKey", { headers: { authorization: `SharedAccessKey ${key}` } }],
  ])("EG-7: the access key is accepted in %s", (_, how) => {
    expect(post(gridTopic([key]).notifier, "grid", [gridEvent("a")], how)).toEqual({ status: 200 });
  });

  it("EG-8: a signature is accepted until its expiry, and refused if it was made with another key", () => {
    const { notifier } = gridTopic([key]);
    const good = sign("1/1/2026 1:00:00 AM", key);
    const send = (token: string) =>
      post(notifier, "grid", [gridEvent("a")], { headers: { "aeg-sas-token": token } });
    const scheme = { headers: { authorization: `SharedAccessSignature ${good}` } };
    expect(send(good)).toEqual({ status: 200 });
    expect(send(sign("2026-01-01T01:00:00Z", key))).toEqual({ status: 200 });
    expect(post(notifier, "grid", [gridEvent("a")], scheme)).toEqual({ status: 200 });
    expect(send(sign("1/1/2026 1:00:00 AM", Buffer.from("another").toString("base64")))).toMatchObject({
      status: 401,
    });
    expect(send(good.replace("2026", "2027"))).toMatchObject({ status: 401 });
    expect(send(sign("12/31/2025 11:59:59 PM", key))).toMatchObject({ status: 401 });
    for (const broken of ["", "r=x", "r=x&e=y&s=%", sign("some day", key)]) {
      expect(send(broken)).toMatchObject({ status: 401 });
    }
    notifier.advanceTo(startMs + hour);
    expect(send(good)).toMatchObject({ status: 401 });
  });

  it("EG-9: the service fills topic and metadataVersion", () => {
    const { notifier, bodies } = gridTopic();
    post(notifier, "grid", [gridEvent("a"), gridEvent("b", { topic: "" })]);
    const filled = { topic: "/topics/grid", metadataVersion: "1" };
    expect(bodies.map((body) => JSON.parse(body) as unknown)).toEqual([
      [gridEvent("a", filled)],
      [gridEvent("b", filled)],
    ]);
  });

  it("EG-10: a batch of CloudEvents is accepted, and each keeps its own text to the letter", () => {
    const { notifier, taken } = cloudTopic();
    const texts = [
      `{"specversion":"1.0","id":"a","source":"/s","type":"t","data":{"big":12345678901234567890,"text":"],{\\"x\\\\"}}`,
      `{ "specversion":"1.0", "id":"b", "source":"/s", "type":"t", "data":[[1.0],[]] }`,
    ];
    const headers = { "content-type": "application/cloudevents-batch+json; charset=utf-8" };
    expect(post(notifier, "cloud", ` [ ${texts.join(" ,\n")} ] `, { headers })).toEqual({ status: 200 });
    expect(taken()).toEqual(texts);
    expect(post(notifier, "cloud", "[]", { headers })).toEqual({ status: 200 });
  });

  it.each([
    ["application/json", `{"n":1.0}`, { data: { n: 1 } }],
    ["text/plain", "hej", { data: "hej" }],
    ["application/octet-stream", "\u0001", { data_base64: "AQ==" }],
  ])("EG-10: a CloudEvent in binary mode with %s is accepted", (contentType, body, data) => {
    const { notifier, taken } = cloudTopic();
    const attributes = {
      "ce-specversion": "1.0",
      "ce-id": "a",
      "ce-source": "/s",
      "ce-type": "t",
      "ce-subject": "%C3%A5",
    };
    expect(
      post(notifier, "cloud", body, { headers: { ...attributes, "content-type": contentType } }).status,
    ).toBe(200);
    expect(taken().map((text) => JSON.parse(text) as unknown)).toEqual([
      {
        specversion: "1.0",
        id: "a",
        source: "/s",
        type: "t",
        subject: "å",
        datacontenttype: contentType,
        ...data,
      },
    ]);
  });

  it("publishing inside the process throws the same refusals, by condition", () => {
    const { notifier } = cloudTopic();
    const refusalOf = (topic: string, event: ReturnType<typeof cloudEvent>) => () => {
      notifier.publishEvents(topic, [event]);
    };
    expect(refusalOf("nowhere", cloudEvent("a"))).toThrow(expect.objectContaining({ condition: "notFound" }));
    expect(refusalOf("cloud", { id: "a" })).toThrow(expect.objectContaining({ condition: "badRequest" }));
    const large = cloudEvent("a", { data: "é".repeat(oneMiB / 2) });
    expect(refusalOf("cloud", large)).toThrow(expect.objectContaining({ condition: "tooLarge" }));
  });

  it("an event published as JSON text keeps that text, and must be JSON", () => {
    const { notifier, taken } = cloudTopic();
    const text = `{ "specversion":"1.0","id":"a","source":"/s","type":"t","data":1.0 }`;
    notifier.publishJson("cloud", [text]);
    expect(taken()).toEqual([text]);
    expect(() => {
      notifier.publishJson("cloud", [text, "{"]);
    }).toThrow(expect.objectContaining({ condition: "badRequest" }));
    expect(taken()).toEqual([]);
  });

  it("a hostile member name is carried like any other and changes no prototype", () => {
    const { notifier, bodies } = gridTopic();
    const hostile = JSON.stringify([gridEvent("a")]).replace(
      `"data":{}`,
      `"data":{},"__proto__":{"polluted":true}`,
    );
    expect(post(notifier, "grid", hostile)).toEqual({ status: 200 });
    expect(bodies[0]).toContain(`"__proto__":{"polluted":true}`);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

describe("topics", () => {
  it("EG-40: the 501st subscription of a topic is refused", () => {
    const { notifier } = cloudTopic();
    for (let count = 2; count <= 500; count++) notifier.createPullSubscription("cloud", `s${count}`);
    expect(() => notifier.createPullSubscription("cloud", "s501")).toThrow(
      expect.objectContaining({ condition: "quotaExceeded" }),
    );
    notifier.deleteSubscription("cloud", "S2");
    notifier.createPullSubscription("cloud", "s501");
  });

  it("refuses names in use, whatever their case, and what a kind of topic does not have", () => {
    const { notifier } = gridTopic();
    const hook = { endpoint: "http://localhost/" };
    expect(() => {
      notifier.createTopic("GRID");
    }).toThrow(expect.objectContaining({ condition: "alreadyExists" }));
    expect(() => notifier.createPushSubscription("grid", "HOOK", hook)).toThrow(
      expect.objectContaining({ condition: "alreadyExists" }),
    );
    expect(() => notifier.createPullSubscription("grid", "pull")).toThrow("push subscriptions only");
    expect(() => {
      notifier.createTopic("n", { schema: "eventGrid" });
    }).toThrow("CloudEvents only");
    expect(() => notifier.pullSubscription("grid", "hook")).toThrow("no pull subscription");
  });

  it("deleting a topic deletes its subscriptions and everything that waited for time", () => {
    const { notifier } = cloudTopic();
    notifier.publishEvents("cloud", [cloudEvent("a")]);
    notifier.deleteTopic("Cloud");
    expect(notifier.nextDueMs()).toBeUndefined();
    expect(() => notifier.pullSubscription("cloud", "audit")).toThrow("There is no topic");
  });
});

function sign(expires: string, withKey: string): string {
  const unsigned = `r=${encodeURIComponent("https://grid.local/api/events")}&e=${encodeURIComponent(expires)}`;
  const signature = createHmac("sha256", Buffer.from(withKey, "base64")).update(unsigned).digest("base64");
  return `${unsigned}&s=${encodeURIComponent(signature)}`;
}
