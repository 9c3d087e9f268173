import { EventHubConsumerClient, EventHubProducerClient } from "@azure/event-hubs";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { run, service, type AppEvent } from "waybill";
import { event, stream } from "waybill/contracts";
import { clientOptions, eventHubs, type EventHubsOptions } from "waybill/event-hubs";
import { memoryCheckpoints, memoryPark } from "waybill/memory";
import type { Emulator } from "waybill-tools/emulator";
import * as z from "zod";
import { startBus } from "../service-bus/bus.js";

const sold = event("shop.sold", { version: 1, schema: z.object({ id: z.string() }), key: ({ id }) => id });
const sales = stream("sales", { messages: { sold }, partitions: 2 });

const patience = { timeout: 40_000, interval: 20 };

/** Client and adapter give up on an operation sooner than by default: a test of silence is no test of patience. */
const impatient = {
  client: { retryOptions: { ...clientOptions.retryOptions, timeoutInMs: 2_000 } },
  transport: { operationTimeout: "1500ms" },
} as const;

async function startHub(): Promise<Emulator> {
  const emulator = await startBus({ contracts: [{ sales }] });
  const namespace = emulator.namespace();
  namespace.enter(() => {
    namespace.streams.createConsumerGroup("sales", "till");
  });
  return emulator;
}

async function reading(
  emulator: Emulator,
  options: object = clientOptions,
  limits: Pick<EventHubsOptions, "operationTimeout"> = {},
) {
  const connectionString = emulator.serviceBus.connectionString;
  const handled: string[] = [];
  const events: AppEvent[] = [];
  let producers = 0;
  const till = service("till")
    .sends(sales)
    .read(sales, { sold: ({ data }) => void handled.push(data.id) }, { as: "till", startFrom: "earliest" });
  const app = await run(till, {
    transport: eventHubs({
      producer: (hub) => {
        producers += 1;
        return new EventHubProducerClient(connectionString, hub, options);
      },
      consumer: (hub, group) => new EventHubConsumerClient(group, connectionString, hub, options),
      checkpoints: memoryCheckpoints(),
      park: memoryPark(),
      balanceInterval: "200ms",
      ownershipExpiry: "5s",
      silence: "500ms",
      ...limits,
    }),
    supervision: { stallAfter: "1s" },
    on: (told) => void events.push(told),
  });
  onTestFinished(async () => {
    await app.stop({ deadline: "5s" });
  });
  return { app, events, handled, producers: () => producers };
}

describe("a consumer group on Event Hubs", () => {
  it("tells of each partition what is known of it", { timeout: 60_000 }, async () => {
    const emulator = await startHub();
    const { app, handled, events } = await reading(emulator);
    for (let n = 0; n < 8; n += 1) await app.send(sales.sold, { id: String(n) });
    await vi.waitUntil(() => handled.length === 8, patience);
    const [consumer] = app.health().consumers;
    expect(consumer?.partitions?.map(({ partition }) => partition).toSorted()).toEqual(["0", "1"]);
    expect(consumer?.partitions?.some(({ lastSequenceNumber }) => lastSequenceNumber !== undefined)).toBe(
      true,
    );
    expect(events.filter(({ event: name }) => name === "warning")).toEqual([]);
  });

  it(
    "goes on over new clients when its connections stand and say nothing",
    { timeout: 120_000 },
    async () => {
      const emulator = await startHub();
      const { app, events, handled, producers } = await reading(
        emulator,
        impatient.client,
        impatient.transport,
      );
      await app.send(sales.sold, { id: "before" });
      await vi.waitUntil(() => handled.includes("before"), patience);
      const struck = new Set(emulator.recorded({ type: "connected" }).map(({ connection }) => connection));
      emulator.faults.halfOpen(({ id }) => struck.has(id));
      let sent = 0;
      await vi.waitUntil(
        () =>
          app.send(sales.sold, { id: `after-${String((sent += 1))}` }).then(
            () => true,
            () => false,
          ),
        { ...patience, timeout: 60_000 },
      );
      await vi.waitUntil(() => handled.includes(`after-${String(sent)}`), { ...patience, timeout: 60_000 });
      expect(producers()).toBeGreaterThan(1);
      expect(events.some(({ event: name }) => name === "recycled")).toBe(true);
      await vi.waitUntil(() => app.health().state === "ready", patience);
    },
  );

  it("says at the start that its clients retry by themselves", { timeout: 60_000 }, async () => {
    const emulator = await startHub();
    const { events } = await reading(emulator, {});
    const warnings = events.flatMap((told) => (told.event === "warning" ? [told.text] : []));
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(/retries by itself.*clientOptions/);
  });
});
