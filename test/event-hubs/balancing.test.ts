import { earliestEventPosition, EventHubConsumerClient } from "@azure/event-hubs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clientOptions } from "../../adapters/event-hubs/index.js";
import type { Delivery } from "../../src/transport/index.js";
import { envelope, HubFixture, numbers, outgoing, type HubReader } from "./hub-fixture.js";

let hub: HubFixture;

beforeEach(async () => {
  hub = await HubFixture.start(4);
});

afterEach(async () => {
  await hub.close();
});

const partitionsOf = (deliveries: readonly Delivery[]): readonly string[] =>
  [...new Set(deliveries.map(({ lane }) => lane ?? ""))].sort();

/** One event to each partition. */
async function sendToAll(line: Awaited<ReturnType<HubFixture["connect"]>>, from: number): Promise<void> {
  for (const partition of [0, 1, 2, 3]) {
    const sender = line.senderTo(`sales/Partitions/${String(partition)}`);
    const [result] = await sender.send(outgoing(envelope(from + partition)));
    expect(result).toEqual({ ok: true });
  }
}

async function settleAll(reader: HubReader, count: number): Promise<readonly Delivery[]> {
  const taken = await reader.take(count);
  await reader.complete(...taken);
  for (const delivery of taken) await reader.checkpoint(delivery);
  return taken;
}

describe("readers of one consumer group", () => {
  it("share the partitions, and who loses one is told of what it has in flight", async () => {
    const line = await hub.connect();
    await sendToAll(line, 0);
    const first = line.reader();
    const held = await first.take(4);
    expect(partitionsOf(held)).toEqual(["0", "1", "2", "3"]);

    const second = line.reader();
    const moved = await second.take(2);
    expect(partitionsOf(moved)).toHaveLength(2);
    await until(first, () => first.lost.length === 2);
    const lost = first.lost.map(({ delivery }) => delivery);
    expect(partitionsOf(lost)).toEqual(partitionsOf(moved));
    expect(first.lost.map(({ error }) => error.code)).toEqual(["lockLost", "lockLost"]);
    const [one] = lost;
    await expect(first.checkpoint(one)).rejects.toMatchObject({ class: "lockLost" });
    expect(one === undefined ? [] : await first.complete(one)).toMatchObject([{ class: "lockLost" }]);
  });

  it("take over at once what a closed one gives up, behind its checkpoints", async () => {
    const line = await hub.connect({ balanceInterval: "300ms" });
    await sendToAll(line, 0);
    const first = line.reader();
    await settleAll(first, 4);
    await first.receiver.close();
    await sendToAll(line, 10);
    const second = line.reader();
    expect([...numbers(await second.take(4))].sort()).toEqual([10, 11, 12, 13]);
    expect(second.lost).toEqual([]);
  });

  it("take every partition from Microsoft's processors, which attach without an owner level of their own", async () => {
    const line = await hub.connect();
    await sendToAll(line, 0);
    const client = new EventHubConsumerClient(
      "till",
      hub.emulator.connectionString(),
      "sales",
      clientOptions,
    );
    const ended = new Set<string>();
    const subscription = client.subscribe(
      {
        processEvents: () => Promise.resolve(),
        processError: (_error, { partitionId }) => Promise.resolve(void ended.add(partitionId)),
      },
      { startPosition: earliestEventPosition },
    );
    const reader = line.reader();
    expect(partitionsOf(await reader.take(4))).toEqual(["0", "1", "2", "3"]);
    expect(reader.lost).toEqual([]);
    await subscription.close();
    await client.close();
  });

  it("take over what a dead one no longer renews", async () => {
    const place = { namespace: "127.0.0.1", stream: "sales", group: "till" };
    for (const partition of ["0", "1", "2", "3"]) {
      await hub.checkpoints.claim(place, { partition, owner: "dead", etag: undefined });
    }
    const line = await hub.connect({ ownershipExpiry: "400ms" });
    await sendToAll(line, 0);
    const reader = line.reader();
    expect(partitionsOf(await reader.take(4))).toEqual(["0", "1", "2", "3"]);
  });
});

/** Reads on until it holds. */
async function until(reader: HubReader, holds: () => boolean): Promise<void> {
  while (!holds()) await reader.next();
}
