import { onTestFinished, describe, expect, it, vi } from "vitest";
import { run, service, type App, type AppEvent } from "waybill";
import { command, queue } from "waybill/contracts";
import { clientOptions, serviceBus } from "waybill/service-bus";
import type { Emulator } from "waybill-tools/emulator";
import { ServiceBusClient } from "@azure/service-bus";
import * as z from "zod";
import { administrationOf, clientOf, startBus } from "../service-bus/bus.js";
import { sendPoison } from "./poison.js";

const charge = command("billing.charge", { version: 1, schema: z.object({ id: z.string() }) });
const billing = queue("billing", { messages: { charge }, maxDeliveries: 20, lock: "5s" });
const refunds = queue("refunds", { messages: { charge }, maxDeliveries: 20, lock: "5s" });

const patience = { timeout: 40_000, interval: 20 };

/** Client and adapter give up on an operation sooner than by default: a test of silence is no test of patience. */
const impatient = {
  client: { retryOptions: { ...clientOptions.retryOptions, timeoutInMs: 2_000 } },
  operationTimeout: "1500ms",
} as const;

interface Running {
  readonly app: App<"billing" | "refunds">;
  readonly events: AppEvent[];
  readonly handled: string[];
  readonly clients: () => number;
  told(event: AppEvent["event"]): number;
}

/** A service that reads a queue, and one more for comparison, through the real client. */
async function working(
  emulator: Emulator,
  client: () => ServiceBusClient = () => clientOf(emulator),
  { concurrency = 1, operationTimeout }: { concurrency?: number; operationTimeout?: "1500ms" } = {},
): Promise<Running> {
  const handled: string[] = [];
  const events: AppEvent[] = [];
  let clients = 0;
  const handler = { charge: ({ data }: { data: { id: string } }) => void handled.push(data.id) };
  const worker = service("worker")
    .sends(billing)
    .sends(refunds)
    .consume(billing, handler, { concurrency })
    .consume(refunds, handler, { concurrency });
  const app = await run(worker, {
    transport: serviceBus({
      client: () => {
        clients += 1;
        return client();
      },
      ...(operationTimeout === undefined ? {} : { operationTimeout }),
    }),
    supervision: { stallAfter: "1s" },
    on: (event) => void events.push(event),
  });
  onTestFinished(async () => {
    await app.stop({ deadline: "5s" });
  });
  const told = (name: AppEvent["event"]): number => events.filter(({ event }) => event === name).length;
  return { app, events, handled, clients: () => clients, told };
}

const attached = (emulator: Emulator, address: string): number =>
  emulator
    .recorded({ type: "attached", address })
    .filter((each) => "role" in each && each.role === "receiver").length;

const contracts = [{ billing, refunds }];

describe("a consumer on Service Bus", () => {
  it(
    "whose request for messages the service did not hear gets them over a new link",
    { timeout: 60_000 },
    async () => {
      const emulator = await startBus({ contracts });
      const swallowed = emulator.faults.frames({ kind: "flow", direction: "in", address: "billing" }, "drop");
      const { app, handled, told } = await working(emulator);
      await vi.waitUntil(() => swallowed.hits > 0 && attached(emulator, "billing") > 0, patience);
      swallowed.remove();
      await app.send(billing.charge, { id: "1" });
      await vi.waitUntil(() => handled.length === 1, patience);
      await vi.waitUntil(() => told("recovered") === 1, patience);
      expect(told("recycled")).toBeGreaterThanOrEqual(1);
      expect(app.health()).toMatchObject({ state: "ready", live: true });
    },
  );

  it("whose connection stands and says nothing gets a new client", { timeout: 120_000 }, async () => {
    const emulator = await startBus({ contracts });
    const { app, handled, told, clients } = await working(
      emulator,
      () => clientOf(emulator, impatient.client),
      impatient,
    );
    await vi.waitUntil(
      () => attached(emulator, "billing") > 0 && attached(emulator, "refunds") > 0,
      patience,
    );
    const mine = new Set(emulator.recorded({ type: "connected" }).map(({ connection }) => connection));
    const fault = emulator.faults.halfOpen(({ id }) => mine.has(id));
    const outside = clientOf(emulator);
    onTestFinished(() => outside.close());
    const { sender } = { sender: outside.createSender("billing") };
    await vi.waitUntil(() => told("stalled") > 0, patience);
    expect(app.health()).toMatchObject({ state: "degraded", ready: false, live: true });
    await sender.sendMessages(messageOf("1"));
    await vi.waitUntil(() => handled.includes("1"), patience);
    expect(clients()).toBeGreaterThan(1);
    await vi.waitUntil(() => app.health().state === "ready", patience);
    // Senders go on too, over a new client, when the old one gives no answers.
    await vi.waitUntil(
      () =>
        app.send(refunds.charge, { id: "2" }).then(
          () => true,
          () => false,
        ),
      { ...patience, timeout: 60_000 },
    );
    await vi.waitUntil(() => handled.includes("2"), patience);
    fault.remove();
  });

  it("that retries by itself is warned of at the start", async () => {
    const emulator = await startBus({ contracts });
    const { events } = await working(emulator, () => clientOf(emulator, {}));
    const warnings = events.flatMap((told) => (told.event === "warning" ? [told.text] : []));
    expect(warnings).toEqual([expect.stringMatching(/serviceBus\(\).*retries by itself.*clientOptions/)]);
  });

  it("ends by its deadline although its connection answers nothing", { timeout: 60_000 }, async () => {
    const emulator = await startBus({ contracts });
    const { app } = await working(emulator);
    await vi.waitUntil(
      () => attached(emulator, "billing") > 0 && attached(emulator, "refunds") > 0,
      patience,
    );
    const fault = emulator.faults.halfOpen();
    let ended = false;
    const stopping = app.stop({ deadline: "3s" }).then(() => (ended = true));
    await vi.waitUntil(() => ended, { timeout: 10_000, interval: 20 });
    await stopping;
    // The rejections that the client makes of it later are nobody's: an unhandled one fails the run of these tests.
    fault.remove();
  });

  it(
    "that is cut off again and again does not storm the service, and goes on",
    { timeout: 60_000 },
    async () => {
      const emulator = await startBus({ contracts });
      const { app, handled, told } = await working(emulator);
      await vi.waitUntil(() => attached(emulator, "billing") > 0, patience);
      for (let n = 1; n <= 4; n += 1) {
        emulator.faults.cut();
        await vi.waitUntil(() => attached(emulator, "billing") > n, patience);
      }
      await vi.waitUntil(
        () =>
          app.send(billing.charge, { id: "1" }).then(
            () => true,
            () => false,
          ),
        patience,
      );
      await vi.waitUntil(() => handled.includes("1"), patience);
      expect(told("stalled")).toBe(0);
    },
  );

  it(
    "whose key was changed is unauthorized, and well again when its factory has the new one",
    { timeout: 60_000 },
    async () => {
      const emulator = await startBus({ contracts, auth: { key: "good-key" } });
      const connectionString = emulator.serviceBus.connectionString;
      let key = "old-key";
      const { app, told, handled } = await working(
        emulator,
        () => new ServiceBusClient(connectionString.replace("good-key", key), clientOptions),
      );
      await vi.waitUntil(() => app.health().consumers[0]?.state === "unauthorized", patience);
      expect(app.health()).toMatchObject({ state: "degraded", ready: false, live: true });
      expect(JSON.stringify(app.health())).not.toContain("old-key");
      key = "good-key";
      await vi.waitUntil(() => app.health().state === "ready", patience);
      expect(told("recycled")).toBeGreaterThan(0);
      await vi.waitUntil(
        () =>
          app.send(billing.charge, { id: "1" }).then(
            () => true,
            () => false,
          ),
        patience,
      );
      await vi.waitUntil(() => handled.includes("1"), patience);
    },
  );

  it(
    "whose queue is disabled for a while goes on with the client that it has",
    { timeout: 60_000 },
    async () => {
      const emulator = await startBus({ contracts });
      const { app, handled, clients } = await working(emulator);
      await vi.waitUntil(() => attached(emulator, "billing") > 0, patience);
      const administration = administrationOf(emulator);
      const properties = await administration.getQueue("billing");
      await administration.updateQueue({ ...properties, status: "ReceiveDisabled" });
      emulator.faults.detach(
        { address: "billing", role: "receiver" },
        { condition: "amqp:link:detach-forced" },
      );
      await vi.waitUntil(() => app.health().consumers[0]?.state === "failing", patience);
      await app.send(billing.charge, { id: "1" });
      await administration.updateQueue({ ...properties, status: "Active" });
      await vi.waitUntil(() => handled.includes("1"), patience);
      expect(clients()).toBe(1);
    },
  );

  it(
    "with an undecodable message handles the others, and says which it is",
    { timeout: 90_000 },
    async () => {
      const few = queue("billing", { messages: { charge }, maxDeliveries: 3, lock: "5s" });
      const emulator = await startBus({ contracts: [{ billing: few, refunds }] });
      await sendPoison(portOf(emulator), "billing");
      const outside = clientOf(emulator);
      onTestFinished(() => outside.close());
      await outside.createSender("billing").sendMessages(["1", "2", "3"].map(messageOf));
      const { app, events, handled } = await working(emulator, () => clientOf(emulator), { concurrency: 4 });
      await vi.waitUntil(() => app.health().consumers[0]?.state === "poisoned", patience);
      // The first word may be that a look was lost with the connection.
      expect(events).toContainEqual(
        expect.objectContaining({
          event: "stalled",
          evidence: "message 1 cannot be decoded by the service's client",
        }),
      );
      await vi.waitUntil(() => ["1", "2", "3"].every((id) => handled.includes(id)), patience);
      const { broker } = emulator.namespace();
      await vi.waitUntil(() => broker.getQueue("billing").counts.deadLetter === 1, {
        ...patience,
        timeout: 60_000,
      });
      await vi.waitUntil(() => app.health().state === "ready", patience);
      expect(broker.getQueue("billing").counts).toMatchObject({ active: 0, deadLetter: 1 });
    },
  );

  it(
    "with an undecodable message in a session says which it is, and leaves other queues alone",
    { timeout: 60_000 },
    async () => {
      const keyed = command("billing.charge", {
        version: 1,
        schema: z.object({ id: z.string() }),
        key: () => "k",
      });
      const ordered = queue("billing", { messages: { charge: keyed }, ordered: "by-key", lock: "5s" });
      const emulator = await startBus({ contracts: [{ ordered, refunds }] });
      await sendPoison(portOf(emulator), "billing", "k");
      const handled: string[] = [];
      const worker = service("worker")
        .sends(refunds)
        .consume(ordered, { charge: () => undefined })
        .consume(refunds, { charge: ({ data }) => void handled.push(data.id) });
      const app = await run(worker, {
        transport: serviceBus({ client: () => clientOf(emulator) }),
        supervision: { stallAfter: "1s" },
      });
      onTestFinished(async () => {
        await app.stop({ deadline: "5s" });
      });
      await vi.waitUntil(() => app.health().consumers[0]?.state === "poisoned", patience);
      expect(JSON.stringify(app.health().consumers[0]?.evidence)).toContain("message 1 cannot be decoded");
      await vi.waitUntil(
        () =>
          app.send(refunds.charge, { id: "1" }).then(
            () => true,
            () => false,
          ),
        patience,
      );
      await vi.waitUntil(() => handled.includes("1"), patience);
      expect(app.health().consumers[1]?.state).toBe("reading");
    },
  );
});

const messageOf = (id: string) => ({
  body: Buffer.from(JSON.stringify({ id })),
  contentType: "application/json",
  subject: "billing.charge",
  messageId: id,
  applicationProperties: {
    cloudEvents_specversion: "1.0",
    cloudEvents_id: id,
    cloudEvents_source: "test",
    cloudEvents_type: "billing.charge",
    cloudEvents_wbversion: 1,
  },
});

const portOf = ({ serviceBus }: Emulator): number => Number(/:(\d+)/.exec(serviceBus.connectionString)?.[1]);
