import type { CheckpointStore } from "@azure/event-hubs";
import { BlobCheckpointStore } from "@azure/eventhubs-checkpointstore-blob";
import { ContainerClient } from "@azure/storage-blob";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startFixture, type Fixture } from "../fixture.js";
import { startAzurite, type Azurite } from "../../azurite.js";
import { memoryCheckpointStore } from "./checkpoint-store.js";
import { HubClient } from "./hub-client.js";
import { Processor } from "./processor.js";

let fixture: Fixture;
let azurite: Azurite;
const running = new Set<{ close(): Promise<void> }>();

beforeAll(async () => {
  azurite = await startAzurite();
});

afterAll(() => azurite.close());

beforeEach(async () => {
  fixture = await startFixture();
  fixture.namespace.createHub("sales", { partitions: 4 });
});

afterEach(async () => {
  for (const each of [...running].reverse()) await each.close();
  running.clear();
  await fixture.close();
  expect(fixture.faults).toEqual([]);
});

function keep<T extends { close(): Promise<void> }>(each: T): T {
  running.add(each);
  return each;
}

async function sendToAll(what: string): Promise<string[]> {
  const producer = keep(new HubClient(fixture, "sales")).producer();
  const bodies = ["0", "1", "2", "3"].map((partitionId) => `${what} ${partitionId}`);
  for (const body of bodies) await producer.sendBatch([{ body }], { partitionId: body.slice(-1) });
  return bodies;
}

const stores: [string, () => Promise<CheckpointStore>][] = [
  ["a checkpoint store in memory", () => Promise.resolve(memoryCheckpointStore(() => fixture.clock.now()))],
  [
    "Microsoft's blob checkpoint store on Azurite",
    async () => {
      const container = new ContainerClient(azurite.connectionString, "checkpoints");
      await container.createIfNotExists();
      return new BlobCheckpointStore(container);
    },
  ],
];

describe.each(stores)("two consumers with %s", (_, createStore) => {
  it("share the partitions, take them over, and go on where the other ended", async () => {
    const store = await createStore();
    const old = await sendToAll("old");
    const first = keep(new Processor(fixture, "sales", store));
    await first.until(() => first.owned.size === 4 && first.bodies.length === 4);
    expect([...first.bodies].sort()).toEqual(old);

    const second = keep(new Processor(fixture, "sales", store));
    await second.until(() => second.owned.size === 2);
    await first.until(() => first.owned.size === 2);
    expect([...first.owned, ...second.owned].sort()).toEqual(["0", "1", "2", "3"]);

    const shared = await sendToAll("shared");
    await first.until(() => first.bodies.length === 6);
    await second.until(() => second.bodies.length === 2);
    expect([...first.bodies.slice(4), ...second.bodies].sort()).toEqual(shared);

    await second.close();
    running.delete(second);
    await first.until(() => first.owned.size === 4);
    const alone = await sendToAll("alone");
    await first.until(() => first.bodies.length === 10);
    expect(first.bodies.slice(6).sort()).toEqual(alone);
  });
});
