import type { RestError } from "@azure/core-rest-pipeline";
import { AzureKeyCredential, AzureSASCredential } from "@azure/core-auth";
import { EventGridPublisherClient, generateSharedAccessSignature } from "@azure/eventgrid";
import { describe, expect, it } from "vitest";
import { startStage, type Stage, type StageOptions } from "./fixtures.js";
import { manage, untilState } from "./management-client.js";
import { consenting, startWebHook, type HookAnswer, type HookRequest, type WebHook } from "./web-hook.js";

const key = Buffer.from("a key of the topics").toString("base64");
const minute = 60_000;
const hour = 60 * minute;

const options = { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } };

const gridClient = (
  { origin }: Stage,
  topic = "orders",
  credential: AzureKeyCredential | AzureSASCredential = new AzureKeyCredential(key),
): EventGridPublisherClient<"EventGrid"> =>
  new EventGridPublisherClient(`${origin}/${topic}/api/events`, "EventGrid", credential, options);

const cloudClient = ({ origin }: Stage, topic = "orders"): EventGridPublisherClient<"CloudEvent"> =>
  new EventGridPublisherClient(
    `${origin}/${topic}/api/events`,
    "CloudEvent",
    new AzureKeyCredential(key),
    options,
  );

const gridEvent = (id: string, more: object = {}) => ({
  id,
  eventType: "Shop.Order",
  subject: "orders/1",
  dataVersion: "1",
  data: { colour: "red" },
  ...more,
});

const cloudEvent = (id: string) => ({ id, type: "shop.order", source: "/shop", data: { colour: "red" } });

/** A stage with the custom topic `orders`. */
async function stageWithTopic(inputSchema = "EventGridSchema", more: StageOptions = {}): Promise<Stage> {
  const stage = await startStage({ eventGridKeys: [key], ...more });
  const made = await manage(stage, "PUT", "topics/orders", { kind: "custom", properties: { inputSchema } });
  expect(made.status).toBe(201);
  return stage;
}

const hookPath = "topics/orders/eventsubscriptions/hook";

/** Subscribes an endpoint that consents, and waits until it has. */
async function subscribe(stage: Stage, endpointUrl: string, properties: object = {}): Promise<void> {
  const destination = { endpointType: "WebHook", properties: { endpointUrl } };
  const made = await manage(stage, "PUT", hookPath, { properties: { destination, ...properties } });
  expect(made).toMatchObject({ status: 201 });
  await untilState(stage, hookPath, "Succeeded");
}

async function statusOf(call: Promise<unknown>): Promise<number | undefined> {
  try {
    await call;
    return 200;
  } catch (error) {
    return (error as RestError).statusCode;
  }
}

const idsOf = ({ body }: HookRequest): string[] => (JSON.parse(body) as { id: string }[]).map(({ id }) => id);

describe("publishing to a custom topic, through EventGridPublisherClient", () => {
  it("delivers events of the Event Grid schema, with what the service fills in", async () => {
    const stage = await stageWithTopic();
    const hook = await startWebHook(consenting(() => ({})));
    await subscribe(stage, hook.url);
    expect((await hook.next()).headers["aeg-event-type"]).toBe("SubscriptionValidation");
    await gridClient(stage).send([gridEvent("a")]);
    const { method, headers, body } = await hook.next();
    expect(method).toBe("POST");
    expect(headers).toMatchObject({
      "aeg-event-type": "Notification",
      "aeg-subscription-name": "HOOK",
      "aeg-delivery-count": "0",
      "content-type": "application/json; charset=utf-8",
    });
    expect(JSON.parse(body)).toMatchObject([
      {
        id: "a",
        data: { colour: "red" },
        metadataVersion: "1",
        topic: expect.stringMatching(/orders$/) as string,
      },
    ]);
  });

  it("delivers CloudEvents", async () => {
    const stage = await stageWithTopic("CloudEventSchemaV1_0");
    const hook = await startWebHook(consenting(() => ({})));
    await subscribe(stage, hook.url);
    const question = await hook.next();
    expect(question.method).toBe("OPTIONS");
    expect(question.headers["webhook-request-origin"]).toBe("eventgrid.azure.net");
    await cloudClient(stage).send([cloudEvent("a")]);
    const { headers, body } = await hook.next();
    expect(headers["content-type"]).toBe("application/cloudevents+json; charset=utf-8");
    expect(JSON.parse(body)).toMatchObject({ specversion: "1.0", id: "a", data: { colour: "red" } });
  });

  it("answers 401 to a wrong key, 404 to an unknown topic, 400 to the other schema, 413 to too much", async () => {
    const stage = await stageWithTopic();
    const wrong = gridClient(stage, "orders", new AzureKeyCredential("wrong"));
    expect(await statusOf(wrong.send([gridEvent("a")]))).toBe(401);
    expect(await statusOf(gridClient(stage, "none").send([gridEvent("a")]))).toBe(404);
    expect(await statusOf(cloudClient(stage).send([cloudEvent("a")]))).toBe(400);
    for (const size of [1_048_576, 3_000_000]) {
      const large = gridEvent("a", { data: { text: "x".repeat(size) } });
      expect(await statusOf(gridClient(stage).send([large]))).toBe(413);
    }
    expect(await statusOf(gridClient(stage).send([gridEvent("a")]))).toBe(200);
  });

  it("takes a signature until it expires by the machine's clock", async () => {
    const stage = await stageWithTopic();
    const endpoint = `${stage.origin}/orders/api/events`;
    const signed = async (expires: number): Promise<number | undefined> => {
      const at = new Date(stage.clock.toWire(stage.clock.now()) + expires);
      const signature = await generateSharedAccessSignature(endpoint, new AzureKeyCredential(key), at);
      return statusOf(gridClient(stage, "orders", new AzureSASCredential(signature)).send([gridEvent("a")]));
    };
    stage.clock.advance(24 * hour);
    expect(await signed(hour)).toBe(200);
    expect(await signed(-hour)).toBe(401);
  });

  it("lets everybody publish where topics have no keys", async () => {
    const stage = await startStage();
    await manage(stage, "PUT", "topics/orders", { properties: { inputSchema: "EventGridSchema" } });
    expect(await statusOf(gridClient(stage).send([gridEvent("a")]))).toBe(200);
  });
});

describe("consent of an endpoint", () => {
  it("may be given by opening the validation URL", async () => {
    const stage = await stageWithTopic();
    const hook = await startWebHook(() => ({ body: "{}" }));
    const destination = { endpointType: "WebHook", properties: { endpointUrl: hook.url } };
    await manage(stage, "PUT", hookPath, { properties: { destination } });
    const [event] = JSON.parse((await hook.next()).body) as [{ data: { validationUrl: string } }];
    await untilState(stage, hookPath, "AwaitingManualAction");
    await gridClient(stage).send([gridEvent("before")]);
    expect((await fetch(event.data.validationUrl)).status).toBe(200);
    await untilState(stage, hookPath, "Succeeded");
    await gridClient(stage).send([gridEvent("after")]);
    expect(idsOf(await hook.next())).toEqual(["after"]);
    expect((await fetch(event.data.validationUrl)).status).toBe(400);
  });

  it("may be given by calling back, for CloudEvents", async () => {
    const stage = await stageWithTopic("CloudEventSchemaV1_0");
    const hook = await startWebHook(({ method }) => (method === "OPTIONS" ? { status: 200 } : {}));
    const destination = { endpointType: "WebHook", properties: { endpointUrl: hook.url } };
    await manage(stage, "PUT", hookPath, { properties: { destination } });
    const callback = (await hook.next()).headers["webhook-request-callback"];
    await untilState(stage, hookPath, "AwaitingManualAction");
    expect((await fetch(String(callback), { method: "POST" })).status).toBe(200);
    await untilState(stage, hookPath, "Succeeded");
  });

  it("is too late after five minutes", async () => {
    const stage = await stageWithTopic();
    const hook = await startWebHook(() => ({ status: 202 }));
    const destination = { endpointType: "WebHook", properties: { endpointUrl: hook.url } };
    await manage(stage, "PUT", hookPath, { properties: { destination } });
    await hook.next();
    stage.clock.advance(5 * minute);
    await untilState(stage, hookPath, "Failed");
  });
});

interface Letter {
  readonly id: string;
}

async function letters(stage: Stage): Promise<readonly Letter[]> {
  const { body } = await manage(stage, "GET", `${hookPath}/deadletters`);
  return (body as { value: Letter[] }).value;
}

const frozen: StageOptions = { frozen: true };
const deadLetterDestination = { endpointType: "StorageBlob" };

/** A frozen stage whose endpoint consents and then answers so. */
async function failing(
  answer: HookAnswer | undefined,
  properties: object = { deadLetterDestination },
): Promise<Stage & { readonly hook: WebHook }> {
  const stage = await stageWithTopic("EventGridSchema", frozen);
  const hook = await startWebHook(consenting(() => answer));
  await subscribe(stage, hook.url, properties);
  await hook.next();
  await stage.answered();
  return { ...stage, hook };
}

describe("delivery", () => {
  it("is tried again on the schedule, given up after its attempts, and dead-lettered five minutes later", async () => {
    const stage = await failing(
      { status: 500 },
      { retryPolicy: { maxDeliveryAttempts: 4, eventTimeToLiveInMinutes: 60 }, deadLetterDestination },
    );
    await gridClient(stage).send([gridEvent("a")]);
    for (const [attempt, waitMs] of [10_000, 30_000, minute].entries()) {
      expect((await stage.hook.next()).headers["aeg-delivery-count"]).toBe(String(attempt));
      await stage.answered();
      expect(stage.dueIn()).toBe(waitMs);
      stage.clock.advance(waitMs);
    }
    await stage.hook.next();
    await stage.answered();
    expect(stage.dueIn()).toBe(5 * minute);
    expect(await letters(stage)).toEqual([]);
    stage.clock.advance(5 * minute);
    expect(await letters(stage)).toMatchObject([
      {
        id: "a",
        deadLetterReason: "MaxDeliveryAttemptsExceeded",
        deliveryAttempts: 4,
        lastDeliveryOutcome: "GenericError",
        lastHttpStatusCode: 500,
        // It was published 400 seconds ago, whatever the reader's own clock says.
        publishTime: new Date(stage.clock.toWire(stage.clock.now()) - 400_000).toISOString(),
      },
    ]);
    expect((await manage(stage, "DELETE", `${hookPath}/deadletters`)).status).toBe(204);
    expect(await letters(stage)).toEqual([]);
  });

  it("is given up at once after a final status", async () => {
    const stage = await failing({ status: 400 });
    await gridClient(stage).send([gridEvent("a")]);
    await stage.hook.next();
    await stage.answered();
    expect(stage.dueIn()).toBe(5 * minute);
    stage.clock.advance(5 * minute);
    expect(await letters(stage)).toMatchObject([{ deadLetterReason: "UndeliverableDueToHttpBadRequest" }]);
  });

  it("drops what was given up where nobody keeps it", async () => {
    const stage = await failing({ status: 400 }, {});
    await gridClient(stage).send([gridEvent("a")]);
    await stage.hook.next();
    await stage.answered();
    expect(stage.dueIn()).toBe(undefined);
    expect(await letters(stage)).toEqual([]);
  });

  it("waits as long as a status asks for", async () => {
    const stage = await failing({ status: 503 });
    await gridClient(stage).send([gridEvent("a")]);
    await stage.hook.next();
    await stage.answered();
    expect(stage.dueIn()).toBe(30_000);
  });

  it("counts an endpoint that does not answer in time as failed", async () => {
    const stage = await failing(undefined);
    await gridClient(stage).send([gridEvent("a")]);
    await stage.hook.next();
    stage.clock.advance(29_999);
    expect(stage.dueIn()).toBe(1);
    stage.clock.advance(1);
    expect(stage.dueIn()).toBe(10_000);
  });

  it("gives a silent endpoint up by the machine's clock too", async () => {
    const stage = await stageWithTopic("EventGridSchema", { ...frozen, delivery: { timeoutMs: 300 } });
    const hook = await startWebHook(consenting(() => undefined));
    await subscribe(stage, hook.url);
    await stage.answered();
    await gridClient(stage).send([gridEvent("a")]);
    await stage.answered();
    expect(stage.dueIn()).toBe(10_000);
  });

  it("follows no redirect", async () => {
    const elsewhere = await startWebHook(() => ({}));
    const stage = await failing({ status: 307, headers: { location: elsewhere.url } });
    await gridClient(stage).send([gridEvent("a")]);
    await stage.hook.next();
    await stage.answered();
    expect(stage.dueIn()).toBe(10_000);
    expect(elsewhere.waiting).toEqual([]);
  });

  it("reads no more than the beginning of an endless answer", async () => {
    const stage = await failing({ status: 200, body: "x".repeat(5_000_000) });
    await gridClient(stage).send([gridEvent("a")]);
    await stage.answered();
    expect(stage.dueIn()).toBe(undefined);
    expect(await manage(stage, "GET", hookPath)).toMatchObject({
      body: { emulator: { events: { pending: 0 } } },
    });
  });

  it("goes on when nobody listens at the endpoint, or its name does not exist", async () => {
    for (const endpointUrl of ["http://127.0.0.1:1/", "http://nowhere.invalid/"]) {
      const stage = await stageWithTopic("EventGridSchema", frozen);
      const destination = { endpointType: "WebHook", properties: { endpointUrl } };
      await manage(stage, "PUT", hookPath, { properties: { destination } });
      // The handshake is tried again.
      await stage.answered();
      expect(stage.dueIn()).toBe(5_000);
    }
  });

  it("delivers in batches when it is told to, with headers of the subscription", async () => {
    const stage = await stageWithTopic();
    const hook = await startWebHook(consenting(() => ({})));
    const deliveryAttributeMappings = [{ name: "x-shop", type: "Static", properties: { value: "eu" } }];
    const destination = {
      endpointType: "WebHook",
      properties: { endpointUrl: hook.url, maxEventsPerBatch: 10, deliveryAttributeMappings },
    };
    await manage(stage, "PUT", hookPath, { properties: { destination } });
    await untilState(stage, hookPath, "Succeeded");
    await hook.next();
    await gridClient(stage).send([gridEvent("a"), gridEvent("b"), gridEvent("c")]);
    const request = await hook.next();
    expect(idsOf(request)).toEqual(["a", "b", "c"]);
    expect(request.headers["x-shop"]).toBe("eu");
  });

  it("delivers only what the filter lets through", async () => {
    const stage = await stageWithTopic();
    const hook = await startWebHook(consenting(() => ({})));
    await subscribe(stage, hook.url, {
      filter: {
        includedEventTypes: ["Shop.Order"],
        subjectBeginsWith: "orders/",
        advancedFilters: [{ operatorType: "StringIn", key: "data.colour", values: ["RED"] }],
      },
    });
    await hook.next();
    await gridClient(stage).send([
      gridEvent("type", { eventType: "Shop.Other" }),
      gridEvent("subject", { subject: "invoices/1" }),
      gridEvent("colour", { data: { colour: "blue" } }),
      gridEvent("fine"),
    ]);
    expect(idsOf(await hook.next())).toEqual(["fine"]);
  });

  it("turns events of the Event Grid schema into CloudEvents where a subscription asks for them", async () => {
    const stage = await stageWithTopic();
    const hook = await startWebHook(consenting(() => ({})));
    await subscribe(stage, hook.url, { eventDeliverySchema: "CloudEventSchemaV1_0" });
    await hook.next();
    await gridClient(stage).send([gridEvent("a")]);
    expect(JSON.parse((await hook.next()).body)).toMatchObject({
      specversion: "1.0",
      id: "a",
      type: "Shop.Order",
    });
  });
});

describe("management of Event Grid", () => {
  it("shows topics and subscriptions as they can be put", async () => {
    const stage = await stageWithTopic();
    const hook = await startWebHook(consenting(() => ({})));
    const properties = {
      destination: { endpointType: "WebHook", properties: { endpointUrl: hook.url } },
      filter: { subjectEndsWith: "/1" },
      eventDeliverySchema: "EventGridSchema",
      retryPolicy: { maxDeliveryAttempts: 5, eventTimeToLiveInMinutes: 10 },
    };
    await subscribe(stage, hook.url, properties);
    const shown = await manage(stage, "GET", hookPath);
    expect(shown).toMatchObject({ body: { name: "hook", properties } });
    expect(await manage(stage, "PUT", hookPath, shown.body)).toMatchObject({ status: 200 });
    expect(await manage(stage, "PUT", hookPath, { properties: { ...properties, filter: {} } })).toMatchObject(
      {
        status: 200,
        body: { properties: { filter: {} } },
      },
    );
    expect(await manage(stage, "GET", "topics/orders/eventsubscriptions")).toMatchObject({
      body: { value: [{ name: "hook" }] },
    });
    expect(await manage(stage, "GET", "topics")).toMatchObject({
      body: { value: [{ name: "orders", kind: "custom", properties: { inputSchema: "EventGridSchema" } }] },
    });
  });

  it("puts a topic twice, but not with other settings", async () => {
    const stage = await stageWithTopic();
    const grid = { kind: "custom", properties: { inputSchema: "EventGridSchema" } };
    expect((await manage(stage, "PUT", "topics/orders", grid)).status).toBe(200);
    expect((await manage(stage, "PUT", "topics/orders", {})).status).toBe(409);
  });

  it("deletes, and then knows nothing", async () => {
    const stage = await stageWithTopic();
    const hook = await startWebHook(consenting(() => ({})));
    await subscribe(stage, hook.url);
    expect((await manage(stage, "DELETE", hookPath)).status).toBe(204);
    expect((await manage(stage, "GET", hookPath)).status).toBe(404);
    expect((await manage(stage, "DELETE", "topics/orders")).status).toBe(204);
    expect((await manage(stage, "GET", "topics/orders")).status).toBe(404);
    expect((await manage(stage, "DELETE", "topics/orders")).status).toBe(404);
  });

  it.each([
    ["a destination that is no web hook", { destination: { endpointType: "EventHub", properties: {} } }],
    [
      "an endpoint that is no URL",
      { destination: { endpointType: "WebHook", properties: { endpointUrl: "ftp://x" } } },
    ],
    ["attempts out of bounds", { retryPolicy: { maxDeliveryAttempts: 31 } }],
    [
      "an operator that does not exist",
      { filter: { advancedFilters: [{ operatorType: "Is", key: "a", values: [1] }] } },
    ],
    ["a filter that is no object", { filter: 3 }],
    ["a queue in a custom topic", { deliveryConfiguration: { deliveryMode: "Queue" } }],
  ])("refuses %s, and keeps the subscription that was there", async (_what, change) => {
    const stage = await stageWithTopic();
    const hook = await startWebHook(consenting(() => ({})));
    await subscribe(stage, hook.url);
    const destination = { endpointType: "WebHook", properties: { endpointUrl: hook.url } };
    const refused = await manage(stage, "PUT", hookPath, { properties: { destination, ...change } });
    expect(refused).toMatchObject({ status: 400, body: { error: { code: "BadRequest" } } });
    await untilState(stage, hookPath, "Succeeded");
  });
});
