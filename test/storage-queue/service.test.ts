import { QueueServiceClient, StorageSharedKeyCredential } from "@azure/storage-queue";
import { describe, expect, it } from "vitest";
import { fixed, run, service, WaybillError, type AppEvent } from "waybill";
import { command, queue, type ForeignMessage } from "waybill/contracts";
import * as z from "zod";
import { clientOptions } from "../../adapters/storage-queue/index.js";
import { azuriteQueues, until } from "./queues.js";

const queues = azuriteQueues();

const charge = command("billing.charge", { version: 1, schema: z.object({ orderId: z.string() }) });

/** What a producer without Waybill sends. */
const plainJson = ({ body }: ForeignMessage) => ({
  type: "billing.charge",
  version: 1,
  data: JSON.parse(Buffer.from(body).toString()) as unknown,
});

/** A promise with what ends it. */
function signal<T>(): { readonly done: Promise<T>; readonly give: (value: T) => void } {
  let give: (value: T) => void = () => undefined;
  const done = new Promise<T>((resolve) => (give = resolve));
  return { done, give };
}

describe("a service on storage queues", () => {
  it("SQ-19: sends any text as base64, and handles what comes as it was sent", async () => {
    const billing = queue("billing", { messages: { charge } });
    await Promise.all([queues.create("billing"), queues.create("billing-poison")]);
    const handled = signal<string>();
    const app = await run(
      service("billing")
        .sends(billing)
        .consume(billing, { charge: ({ data }) => handled.give(data.orderId) }),
      { transport: queues.transport() },
    );
    const unsafe = "\u0000 < & \ud83d\ude9a";
    await app.send(billing.charge, { orderId: unsafe });
    expect(await handled.done).toBe(unsafe);
    await app.stop();
    const left = await queues.client().getQueueClient("billing").getProperties();
    expect(left.approximateMessagesCount).toBe(0);
  });

  it("spends no attempt of a foreign message while a dependency is down, though the service counts each delivery", async () => {
    const jobs = queue("jobs", {
      messages: { charge },
      foreign: plainJson,
    });
    const [raw] = await Promise.all([queues.create("jobs"), queues.create("jobs-poison")]);
    const attempts: number[] = [];
    const events: AppEvent[] = [];
    const handled = signal<undefined>();
    const app = await run(
      service("billing").consume(
        jobs,
        {
          charge: (_msg, { attempt }) => {
            attempts.push(attempt);
            if (attempts.length < 4)
              throw new WaybillError("handlerFailed", "down", { class: "dependencyDown" });
            handled.give(undefined);
          },
        },
        { retry: { attempts: 2, immediate: 0, backoff: fixed("10ms") } },
      ),
      { transport: queues.transport(), on: (event) => void events.push(event) },
    );
    await raw.sendMessage('{"orderId":"1"}');
    await handled.done;
    await app.stop();
    expect(attempts).toEqual([1, 1, 1, 1]);
    expect(events.filter(({ event }) => event === "deadLettered")).toEqual([]);
  });

  it("SQ-19: handles the plain JSON of a producer without Waybill, in base64 or as it is", async () => {
    const orders = queue("orders", {
      messages: { charge },
      foreign: plainJson,
    });
    const [raw] = await Promise.all([queues.create("orders"), queues.create("orders-poison")]);
    const handled: string[] = [];
    const both = signal<undefined>();
    const app = await run(
      service("billing").consume(orders, {
        charge: ({ data }) => {
          handled.push(data.orderId);
          if (handled.length === 2) both.give(undefined);
        },
      }),
      { transport: queues.transport() },
    );
    await raw.sendMessage('{"orderId":"1"}');
    await raw.sendMessage(Buffer.from('{"orderId":"2"}').toString("base64"));
    await both.done;
    expect(handled.sort()).toEqual(["1", "2"]);
    await app.stop();
  });

  it("SQ-20: moves a message to the poison queue after as many failed attempts as its consumer allows", async () => {
    const jobs = queue("jobs", { messages: { charge } });
    await Promise.all([queues.create("jobs"), queues.create("jobs-poison")]);
    let runs = 0;
    const moved = signal<AppEvent>();
    const app = await run(
      service("billing")
        .sends(jobs)
        .consume(
          jobs,
          {
            charge: () => {
              runs += 1;
              throw new Error("no");
            },
          },
          { retry: { attempts: 5, backoff: fixed("1ms") } },
        ),
      { transport: queues.transport(), on: (event) => event.event === "deadLettered" && moved.give(event) },
    );
    const { id } = await app.send(jobs.charge, { orderId: "1" });
    await moved.done;
    expect(runs).toBe(5);
    const letters = app.deadLetters(jobs);
    const [entry] = await until(async () => {
      const found = await letters.peek();
      return found.length > 0 ? found : undefined;
    });
    expect(entry).toMatchObject({ id, reason: "MaxAttempts", description: "no", attempts: 5 });
    await app.stop();
  });

  it("sends a dead letter back to be handled, and shows what others put into the poison queue", async () => {
    const returns = queue("returns", { messages: { charge } });
    const [, poison] = await Promise.all([queues.create("returns"), queues.create("returns-poison")]);
    let refuse = true;
    const moved = signal<undefined>();
    const handled = signal<number>();
    const app = await run(
      service("billing")
        .sends(returns)
        .consume(
          returns,
          {
            charge: (_message, { attempt }) => {
              if (refuse) throw new Error("no");
              handled.give(attempt);
            },
          },
          { retry: { attempts: 1 } },
        ),
      { transport: queues.transport(), on: ({ event }) => event === "deadLettered" && moved.give(undefined) },
    );
    await app.send(returns.charge, { orderId: "1" });
    await moved.done;
    refuse = false;
    const letters = app.deadLetters(returns);
    const [entry] = await letters.peek();
    if (entry === undefined) throw new Error("a dead letter");
    await letters.redrive(entry);
    expect(await handled.done).toBe(1);
    await poison.sendMessage(Buffer.from('{"orderId":"2"}').toString("base64"));
    expect(await letters.peek()).toMatchObject([{ reason: "BrokerMaxDelivery" }]);
    await app.stop();
  });

  it("makes a request that was refused for its credentials once more, with a new client", async () => {
    const rotated = queue("rotated", { messages: { charge } });
    const entity = await queues.create("rotated");
    const wrong = new StorageSharedKeyCredential(entity.accountName, Buffer.from("old").toString("base64"));
    const current = queues.client();
    const clients = [new QueueServiceClient(current.url, wrong, clientOptions), current];
    let made = 0;
    const transport = queues.transport({ client: () => clients[made++] ?? current });
    const app = await run(service("sender").sends(rotated), { transport });
    await app.send(rotated.charge, { orderId: "1" });
    await app.stop();
    expect(made).toBe(2);
    expect((await entity.getProperties()).approximateMessagesCount).toBe(1);
  });

  it("moves a foreign message as it is that leaves no room for a record", async () => {
    const scans = queue("scans", { messages: { charge } });
    const [raw, poison] = await Promise.all([queues.create("scans"), queues.create("scans-poison")]);
    const moved = signal<undefined>();
    const app = await run(service("billing").consume(scans, { charge: () => undefined }), {
      transport: queues.transport(),
      on: ({ event }) => event === "deadLettered" && moved.give(undefined),
    });
    const text = "x".repeat(65_536);
    await raw.sendMessage(text);
    await moved.done;
    const { peekedMessageItems } = await poison.peekMessages();
    expect(peekedMessageItems.map(({ messageText }) => messageText === text)).toEqual([true]);
    await app.stop();
  });

  it.each([
    { topology: "assume" as const, answers: "notFound: cannot send to" },
    { topology: "verify" as const, answers: "notFound: cannot verify queue" },
    { topology: "ensure" as const, answers: "accepted" },
  ])("with topology $topology answers $answers where a queue is missing", async ({ topology, answers }) => {
    const name = `missing-${topology}`;
    const missing = queue(name, { messages: { charge } });
    const sender = service("sender").sends(missing);
    const sent = (async () => {
      const app = await run(sender, { transport: queues.transport({ topology }) });
      try {
        await app.send(missing.charge, { orderId: "1" });
        return "accepted";
      } finally {
        await app.stop();
      }
    })();
    const answer = await sent.catch((error: unknown) => {
      const { code, message } = error as WaybillError;
      return `${code}: ${message}`;
    });
    expect(answer).toContain(answers);
    if (topology !== "ensure")
      expect(answer).toContain(
        `there is no queue "${name}": create it, or give storageQueue() the option topology`,
      );
  });

  it("refuses a name that no storage queue can have, and says how it may be spelled", async () => {
    const shop = queue("Shop.Orders", { messages: { charge } });
    await expect(run(service("sender").sends(shop), { transport: queues.transport() })).rejects.toMatchObject(
      {
        code: "invalidOption",
        message: expect.stringContaining("lower-case letters, digits and single dashes") as string,
      },
    );
  });

  it("says that its configuration is wrong when no client can be made of it", async () => {
    const orders = queue("orders", { messages: { charge } });
    const transport = queues.transport({ client: () => QueueServiceClient.fromConnectionString("nonsense") });
    await expect(run(service("sender").sends(orders), { transport })).rejects.toMatchObject({
      class: "config",
      message: expect.stringContaining("the factory given to storageQueue() made no client") as string,
    });
  });

  it("refuses pauses that make no sense", () => {
    expect(() => queues.transport({ minPoll: "2s", maxPoll: "1s" })).toThrow(/minPoll/);
  });
});
