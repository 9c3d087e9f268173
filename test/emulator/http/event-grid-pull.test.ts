import {
  AzureKeyCredential,
  EventGridReceiverClient,
  EventGridSenderClient,
  type CloudEvent,
} from "@azure/eventgrid-namespaces";
import type { RestError } from "@azure/core-rest-pipeline";
import { describe, expect, it } from "vitest";
import { startStage, testCertificate, type Stage, type StageOptions } from "./fixtures.js";
import { manage } from "./management-client.js";

const key = Buffer.from("a key of the topics").toString("base64");
const credential = new AzureKeyCredential(key);
const options = { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } };
const second = 1_000;
const minute = 60 * second;

interface Clients {
  readonly sender: EventGridSenderClient;
  readonly receiver: EventGridReceiverClient;
}

const clientsOf = ({ origin }: Stage, subscription = "audit"): Clients => ({
  sender: new EventGridSenderClient(origin, credential, "orders", options),
  receiver: new EventGridReceiverClient(origin, credential, "orders", subscription, options),
});

const auditPath = "topics/orders/eventsubscriptions/audit";

/** A frozen stage with the namespace topic `orders` and its queue subscription `audit`. */
async function stageWithSubscription(
  queue: object = {},
  more: object = {},
  stageOptions: StageOptions = { frozen: true },
): Promise<Stage & Clients> {
  const stage = await startStage({ eventGridKeys: [key], ...stageOptions });
  expect((await manage(stage, "PUT", "topics/orders", {})).status).toBe(201);
  const deliveryConfiguration = { deliveryMode: "Queue", queue };
  const made = await manage(stage, "PUT", auditPath, { properties: { deliveryConfiguration, ...more } });
  expect(made.status).toBe(201);
  return { ...stage, ...clientsOf(stage) };
}

const event = (id: string, more: Partial<CloudEvent<unknown>> = {}): CloudEvent<object> => ({
  id,
  type: "shop.order",
  source: "/shop",
  data: { id },
  ...(more as object),
});

async function receiveOne(receiver: EventGridReceiverClient) {
  const { details } = await receiver.receiveEvents({ maxEvents: 1 });
  const [one] = details;
  if (one === undefined) throw new Error("nothing was received");
  return one;
}

const counts = async (stage: Stage): Promise<unknown> => {
  const { body } = await manage(stage, "GET", auditPath);
  return (body as { emulator: { events: unknown } }).emulator.events;
};

/** Status and message of what a call rejects with. */
async function refusalOf(
  call: Promise<unknown>,
): Promise<{ statusCode: number | undefined; message: string }> {
  try {
    await call;
  } catch (error) {
    const { statusCode, message } = error as RestError;
    return { statusCode: Number(statusCode), message };
  }
  throw new Error("the call succeeded");
}

describe("pull delivery, through EventGridSenderClient and EventGridReceiverClient", () => {
  it("hands events out in their order, one or many", async () => {
    const { sender, receiver } = await stageWithSubscription();
    await sender.sendEvents(event("a", { subject: "orders/1", dataContentType: "application/json" }));
    await sender.sendEvents([event("b"), event("c")]);
    const { details } = await receiver.receiveEvents({ maxEvents: 10 });
    expect(details.map(({ brokerProperties }) => brokerProperties.deliveryCount)).toEqual([1, 1, 1]);
    expect(details.map((one) => one.event.id)).toEqual(["a", "b", "c"]);
    expect(details[0]?.event).toMatchObject({
      type: "shop.order",
      source: "/shop",
      subject: "orders/1",
      specVersion: "1.0",
      data: { id: "a" },
    });
  });

  it("carries bytes", async () => {
    const { sender, receiver } = await stageWithSubscription();
    const data = new Uint8Array([0, 200, 255]);
    await sender.sendEvents({ ...event("a"), data, dataContentType: "application/octet-stream" });
    expect((await receiveOne(receiver)).event.data).toBe(Buffer.from(data).toString("base64"));
  });

  it("keeps the text of an event to the letter", async () => {
    const stage = await stageWithSubscription();
    const body = `{"specversion":"1.0","id":"a","source":"/s","type":"t","data":{"big":12345678901234567890}}`;
    const headers = {
      "content-type": "application/cloudevents+json",
      authorization: `SharedAccessKey ${key}`,
    };
    const url = `${stage.origin}/topics/orders`;
    expect((await fetch(`${url}:publish`, { method: "POST", headers, body })).status).toBe(200);
    const received = await fetch(`${url}/eventsubscriptions/audit:receive`, { method: "POST", headers });
    expect(await received.text()).toContain(body);
  });

  it("waits for an event", async () => {
    const { sender, receiver } = await stageWithSubscription();
    const received = receiveOne(receiver);
    await sender.sendEvents(event("late"));
    expect((await received).event.id).toBe("late");
  });

  it("gives nothing when the wait is over by the emulator's clock", async () => {
    const { receiver, clock, dueIn } = await stageWithSubscription();
    const received = receiver.receiveEvents({ maxWaitTime: 10 });
    await expect.poll(dueIn).toBe(10 * second);
    clock.advance(10 * second);
    expect((await received).details).toEqual([]);
  });

  it("keeps the event for the next receiver when the one who waits goes away", async () => {
    const { sender, receiver, dueIn } = await stageWithSubscription();
    const abort = new AbortController();
    const waiting = receiver.receiveEvents({ abortSignal: abort.signal });
    await expect.poll(dueIn).toBe(minute);
    abort.abort();
    await expect(waiting).rejects.toThrow();
    await expect.poll(dueIn).toBeUndefined();
    await sender.sendEvents(event("a"));
    expect((await receiveOne(receiver)).brokerProperties.deliveryCount).toBe(1);
  });

  it("acknowledges, and tells tokens apart that are lost or none", async () => {
    const { sender, receiver, clock, ...stage } = await stageWithSubscription();
    await sender.sendEvents([event("a"), event("b")]);
    const { details } = await receiver.receiveEvents({ maxEvents: 2 });
    const [a = "", b = ""] = details.map(({ brokerProperties }) => brokerProperties.lockToken);
    expect(await receiver.acknowledgeEvents([a, "nonsense"])).toMatchObject({
      succeededLockTokens: [a],
      failedLockTokens: [{ lockToken: "nonsense", error: { code: "BadToken" } }],
    });
    clock.advance(minute);
    expect(await receiver.acknowledgeEvents([b])).toMatchObject({
      succeededLockTokens: [],
      failedLockTokens: [{ lockToken: b, error: { code: "TokenLost", message: "Token has expired." } }],
    });
    expect(await counts({ clock, ...stage })).toEqual({ ready: 1, locked: 0, delayed: 0 });
    expect((await receiveOne(receiver)).brokerProperties.deliveryCount).toBe(2);
  });

  it("releases at once and with a delay", async () => {
    const { sender, receiver, clock, ...stage } = await stageWithSubscription();
    await sender.sendEvents(event("a"));
    const first = await receiveOne(receiver);
    await receiver.releaseEvents([first.brokerProperties.lockToken]);
    const again = await receiveOne(receiver);
    expect(again.brokerProperties.deliveryCount).toBe(2);
    const { lockToken } = again.brokerProperties;
    expect((await receiver.releaseEvents([lockToken], { releaseDelay: "600" })).succeededLockTokens).toEqual([
      lockToken,
    ]);
    expect(await counts({ clock, ...stage })).toEqual({ ready: 0, locked: 0, delayed: 1 });
    clock.advance(600 * second);
    expect((await receiveOne(receiver)).brokerProperties.deliveryCount).toBe(3);
  });

  it("renews a lock", async () => {
    const { sender, receiver, clock } = await stageWithSubscription({ receiveLockDurationInSeconds: 120 });
    await sender.sendEvents(event("a"));
    const { lockToken } = (await receiveOne(receiver)).brokerProperties;
    clock.advance(100 * second);
    expect((await receiver.renewEventLocks([lockToken])).succeededLockTokens).toEqual([lockToken]);
    clock.advance(100 * second);
    expect((await receiver.acknowledgeEvents([lockToken])).succeededLockTokens).toEqual([lockToken]);
  });

  it("dead-letters what is rejected, expires, or was received too often", async () => {
    const stage = await stageWithSubscription({
      maxDeliveryCount: 1,
      eventTimeToLive: "PT1H",
      deadLetterDestinationWithResourceIdentity: { deadLetterDestination: { endpointType: "StorageBlob" } },
    });
    const { sender, receiver, clock } = stage;
    await sender.sendEvents(event("rejected"));
    await receiver.rejectEvents([(await receiveOne(receiver)).brokerProperties.lockToken]);
    await sender.sendEvents(event("tired"));
    await receiveOne(receiver);
    clock.advance(minute);
    await sender.sendEvents(event("old"));
    clock.advance(60 * minute);
    const { body } = await manage(stage, "GET", `${auditPath}/deadletters`);
    const letters = (body as { value: { event: { id: string }; deadLetterProperties: object }[] }).value;
    expect(letters.map((letter) => letter.event.id)).toEqual(["rejected", "tired", "old"]);
    expect(letters.map((letter) => letter.deadLetterProperties)).toMatchObject([
      { deadletterreason: "Undeliverable due to client error" },
      { deadletterreason: "Maximum delivery attempts was exceeded." },
      { deadletterreason: "Time to live was exceeded." },
    ]);
  });

  it("gives each subscription its own copy, by its filters", async () => {
    const stage = await stageWithSubscription(
      {},
      {
        filtersConfiguration: {
          filters: [{ operatorType: "StringBeginsWith", key: "subject", values: ["eu/"] }],
        },
      },
    );
    await manage(stage, "PUT", "topics/orders/eventsubscriptions/all", {
      properties: { deliveryConfiguration: { deliveryMode: "Queue" } },
    });
    await stage.sender.sendEvents([event("us", { subject: "us/1" }), event("eu", { subject: "eu/1" })]);
    const ids = async ({ receiver }: Clients): Promise<unknown[]> =>
      (await receiver.receiveEvents({ maxEvents: 9 })).details.map((one) => one.event.id);
    expect(await ids(stage)).toEqual(["eu"]);
    expect(await ids(clientsOf(stage, "all"))).toEqual(["us", "eu"]);
  });
});

describe("what pull delivery refuses", () => {
  it("answers 401 to a wrong key, 404 to what is missing, 400 to numbers out of bounds", async () => {
    const stage = await stageWithSubscription();
    const wrong = new EventGridReceiverClient(
      stage.origin,
      new AzureKeyCredential("x"),
      "orders",
      "audit",
      options,
    );
    expect((await refusalOf(wrong.receiveEvents())).statusCode).toBe(401);
    const wrongSender = new EventGridSenderClient(
      stage.origin,
      new AzureKeyCredential("x"),
      "orders",
      options,
    );
    expect((await refusalOf(wrongSender.sendEvents(event("a")))).statusCode).toBe(401);
    expect((await refusalOf(clientsOf(stage, "none").receiver.receiveEvents())).statusCode).toBe(404);
    const elsewhere = new EventGridSenderClient(stage.origin, credential, "none", options);
    expect((await refusalOf(elsewhere.sendEvents(event("a")))).statusCode).toBe(404);
    expect((await refusalOf(stage.receiver.receiveEvents({ maxEvents: 101 }))).statusCode).toBe(400);
    expect((await refusalOf(stage.receiver.receiveEvents({ maxWaitTime: 5 }))).statusCode).toBe(400);
    expect((await refusalOf(stage.receiver.releaseEvents(["x"], { releaseDelay: "11" }))).statusCode).toBe(
      400,
    );
    expect((await refusalOf(stage.receiver.acknowledgeEvents([]))).statusCode).toBe(400);
  });

  it("answers 400 to an event that is none, and 413 to too much", async () => {
    const { sender } = await stageWithSubscription();
    expect((await refusalOf(sender.sendEvents(event("")))).statusCode).toBe(400);
    const data = { text: "x".repeat(2_000_000) };
    expect((await refusalOf(sender.sendEvents({ ...event("a"), data }))).statusCode).toBe(413);
  });
});

describe("pull delivery over TLS", () => {
  it("works as in production, with a certificate that the client trusts", async () => {
    const certificate = await testCertificate();
    const stage = await stageWithSubscription({}, {}, { tls: certificate });
    const secure = { tlsOptions: { ca: certificate.cert } };
    const origin = stage.origin.replace("http:", "https:");
    const sender = new EventGridSenderClient(origin, credential, "orders", secure);
    const receiver = new EventGridReceiverClient(origin, credential, "orders", "audit", secure);
    await sender.sendEvents(event("a"));
    expect((await receiveOne(receiver)).event.id).toBe("a");
  });
});
