import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { event, notifications, only, queue, stream, topic } from "waybill/contracts";
import { EmulatorClock, machineClock } from "../../../tools/emulator/clock.js";
import { readContracts, type ContractSource } from "../../../tools/emulator/config/contracts.js";
import { applyDeclarations } from "../../../tools/emulator/config/declaration.js";
import { Namespace } from "../../../tools/emulator/namespace.js";
import * as z from "zod";

const Placed = event("shop.placed", {
  version: 1,
  schema: z.object({ id: z.string() }),
  key: ({ id }) => id,
});
const messages = { placed: Placed };

async function load(...sources: readonly ContractSource[]): Promise<Namespace> {
  const namespace = new Namespace("default", {
    clock: new EmulatorClock({ ...machineClock, now: () => 0 }),
    deliver: () => undefined,
    validationUrl: () => "",
  });
  const declarations = await Promise.all(sources.map((source) => readContracts(source)));
  applyDeclarations(namespace, declarations.flat());
  return namespace;
}

describe("contracts", () => {
  it("become the entities that the in-memory adapter makes of them", async () => {
    const namespace = await load({
      billing: queue("billing", { messages, dedupWindow: "10m", lock: "30s", maxDeliveries: 4 }),
      orders: topic("orders", {
        messages,
        ordered: "by-key",
        subscriptions: { audit: {}, eu: { where: { region: "eu" } } },
      }),
      sales: stream("sales", { messages, partitions: 8, retention: "1d" }),
      shipments: notifications("shipments", { messages }),
      Placed,
      notAChannel: 5,
    });
    expect(namespace.broker.getQueue("billing")).toMatchObject({
      requiresDuplicateDetection: true,
      duplicateDetectionWindowMs: 600_000,
      lockDurationMs: 30_000,
      maxDeliveryCount: 4,
      deadLetteringOnMessageExpiration: true,
    });
    expect(namespace.broker.getSubscription("orders", "eu")).toMatchObject({ requiresSession: true });
    expect(JSON.stringify(namespace.broker.rules("orders", "eu"))).toContain("user.[region] = 'eu'");
    expect(namespace.streams.hubProperties("sales").partitionIds).toHaveLength(8);
    expect(namespace.notifier.topics()).toEqual(["shipments"]);
  });

  it("may name one channel twice, also in part", async () => {
    const orders = topic("orders", { messages });
    const namespace = await load({ orders, again: only(orders, "placed") }, orders);
    expect(namespace.broker.topics()).toEqual(["orders"]);
  });

  it("may not disagree about an entity", async () => {
    const one = { orders: topic("orders", { messages }) };
    const other = { events: topic("orders", { messages, ordered: "by-key" }) };
    await expect(load(one, other)).rejects.toThrow(
      /^contracts \(events\) declares "orders", which contracts \(orders\) declares too/,
    );
  });

  it("may not give a queue and a stream one name, because both are addressed on one port", async () => {
    const both = { one: queue("same", { messages }), two: stream("same", { messages }) };
    await expect(load(both)).rejects.toThrow(/declares "same"/);
  });

  it("may give a queue and notifications one name", async () => {
    const both = { one: queue("same", { messages }), two: notifications("same", { messages }) };
    expect((await load(both)).kindOf("same")).toBe("queue");
  });

  it("are loaded from a module, of either kind", async () => {
    const folder = mkdtempSync(join(tmpdir(), "waybill-contracts-"));
    const spec = { format: 1, name: "from-file", kind: "queue", settings: { ordered: false } };
    writeFileSync(join(folder, "a.mjs"), `export const q = { "~channel": ${JSON.stringify(spec)} };`);
    const other = { ...spec, name: "from-commonjs" };
    writeFileSync(join(folder, "b.cjs"), `exports["q" + 1] = { "~channel": ${JSON.stringify(other)} };`);
    const namespace = await load(join(folder, "a.mjs"), join(folder, "b.cjs"));
    expect(namespace.broker.queues()).toEqual(["from-file", "from-commonjs"]);
  });

  it.each([
    [{ nothing: 1 }, /exports no channel: export what queue\(\)/],
    ["/nowhere/contracts.js", /^\/nowhere\/contracts\.js cannot be loaded: /],
    [{ q: { "~channel": { format: 2, name: "q", kind: "queue" } } }, /is a channel of another waybill/],
  ])("are refused when there is nothing to be made: %j", async (source, message) => {
    await expect(load(source)).rejects.toThrow(message);
  });
});
