import { BlobCheckpointStore } from "@azure/eventhubs-checkpointstore-blob";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blobCheckpoints, blobPark } from "../../adapters/blob/index.js";
import { memoryCheckpoints, memoryPark } from "../../adapters/memory/index.js";
import type { CheckpointStore, ParkStore } from "../../src/store/index.js";
import { envelope, HubFixture, numbers, outgoing, record } from "../event-hubs/hub-fixture.js";
import { Containers } from "./containers.js";

let containers: Containers;

beforeAll(async () => {
  containers = await Containers.start();
});

afterAll(() => containers.close());

const place = { namespace: "Shop.servicebus.windows.net", stream: "Sales", group: "$Default" };
const checkpoint = (sequenceNumber: string, offset = `o${sequenceNumber}`) => ({
  partition: "1",
  offset,
  sequenceNumber,
});

const checkpointStores: readonly [string, () => Promise<CheckpointStore>][] = [
  ["in memory", () => Promise.resolve(memoryCheckpoints())],
  ["in blobs", async () => blobCheckpoints(await containers.next())],
];

describe.each(checkpointStores)("a checkpoint store %s", (_, create) => {
  it("keeps one checkpoint per partition, which never goes back until it is forgotten", async () => {
    const store = await create();
    expect(await store.load(place)).toEqual([]);
    await store.save(place, checkpoint("-1"));
    await store.save(place, checkpoint("41"));
    await store.save(place, checkpoint("7"));
    expect(await store.load(place)).toEqual([checkpoint("41")]);
    await store.save(place, { ...checkpoint("3"), partition: "0" });
    expect(await store.load(place)).toHaveLength(2);
    await store.forget(place, "1");
    await store.save(place, checkpoint("2"));
    expect(await store.load(place)).toContainEqual(checkpoint("2"));
    expect(await store.load({ ...place, group: "other" })).toEqual([]);
  });

  it("lets one of many claim a partition, and only who knows its etag claim it again", async () => {
    const store = await create();
    const wanted = ["a", "b", "c"].map((owner) => ({ partition: "0", owner, etag: undefined }));
    const claims = await Promise.all(wanted.map(async (claim) => store.claim(place, claim)));
    const [won, ...others] = claims.filter((claim) => claim !== undefined);
    expect(others).toEqual([]);
    const etag = won?.etag;
    const renewed = await store.claim(place, { partition: "0", owner: won?.owner ?? "", etag });
    expect(renewed?.etag).not.toBe(etag);
    expect(await store.claim(place, { partition: "0", owner: "late", etag })).toBeUndefined();
    const gone = await store.claim(place, { partition: "0", owner: "", etag: renewed?.etag });
    expect(await store.owners(place)).toEqual([{ partition: "0", owner: "", etag: gone?.etag }]);
  });
});

const parkStores: readonly [string, () => Promise<ParkStore>][] = [
  ["in memory", () => Promise.resolve(memoryPark())],
  ["in blobs", async () => blobPark(await containers.next())],
];

describe.each(parkStores)("a park store %s", (_, create) => {
  const parked = (id: string, text = id) => ({ id, bytes: Buffer.from(text) });

  it("keeps what is parked once, in the order of ids", async () => {
    const store = await create();
    for (const id of ["2", "1", "3"]) await store.put("sales/till", parked(id));
    await store.put("sales/till", parked("1", "another"));
    const listed = await store.list("sales/till", 2);
    expect(listed.map(({ id, bytes }) => [id, Buffer.from(bytes).toString()])).toEqual([
      ["1", "1"],
      ["2", "2"],
    ]);
    expect(await store.list("sales/other", 10)).toEqual([]);
  });

  it("gives each to one taker, who removes it or gives it back", async () => {
    const store = await create();
    await store.put("box", parked("1"));
    const taken = await store.take("box", "1");
    expect(await store.take("box", "1")).toBeUndefined();
    expect(await store.list("box", 10)).toHaveLength(1);
    if (taken !== undefined) await store.release("box", taken);
    const again = await store.take("box", "1");
    expect(again?.id).toBe("1");
    expect(again !== undefined && (await store.remove("box", again))).toBe(true);
    expect(again !== undefined && (await store.remove("box", again))).toBe(false);
    expect(await store.take("box", "1")).toBeUndefined();
    expect(await store.list("box", 10)).toEqual([]);
  });
});

describe("checkpoints in blobs", () => {
  it("are where Microsoft's store looks for them, and the other way round", async () => {
    const container = await containers.next();
    const [ours, theirs] = [blobCheckpoints(container), new BlobCheckpointStore(container)];
    const { namespace: fullyQualifiedNamespace, stream: eventHubName, group: consumerGroup } = place;
    const where = [fullyQualifiedNamespace, eventHubName, consumerGroup] as const;
    await ours.save(place, checkpoint("41", "123"));
    const seen = await theirs.listCheckpoints(...where);
    expect(seen).toMatchObject([{ partitionId: "1", offset: "123", sequenceNumber: 41 }]);
    const next = { fullyQualifiedNamespace, eventHubName, consumerGroup, partitionId: "1" };
    await theirs.updateCheckpoint({ ...next, offset: "200", sequenceNumber: 50 });
    expect(await ours.load(place)).toEqual([checkpoint("50", "200")]);
    // Theirs does not look before it writes; ours does.
    await ours.save(place, checkpoint("45"));
    expect(await ours.load(place)).toEqual([checkpoint("50", "200")]);

    const claimed = await ours.claim(place, { partition: "1", owner: "ours", etag: undefined });
    const [owned] = await theirs.listOwnership(...where);
    expect(owned).toMatchObject({ partitionId: "1", ownerId: "ours", etag: claimed?.etag });
    if (owned !== undefined) await theirs.claimOwnership([{ ...owned, ownerId: "theirs" }]);
    expect(await ours.owners(place)).toMatchObject([{ partition: "1", owner: "theirs" }]);
    expect(await ours.claim(place, { partition: "1", owner: "ours", etag: claimed?.etag })).toBeUndefined();
  });
});

describe("checkpoints and what is parked, in one container", () => {
  it("are not disturbed by each other, nor Microsoft's store by what is parked", async () => {
    const container = await containers.next();
    const [checkpoints, park] = [blobCheckpoints(container), blobPark(container)];
    const theirs = new BlobCheckpointStore(container);
    const group = ["shop.servicebus.windows.net", "sales", "$default"] as const;
    // What a consumer group is called in a park store, and boxes that look like the places of checkpoints.
    const box = group.map(encodeURIComponent).join("/");
    const boxes = [box, group.join("/"), `${box}/checkpoint`, `${group.join("/")}/ownership`];
    await checkpoints.save(place, checkpoint("41"));
    await checkpoints.claim(place, { partition: "1", owner: "me", etag: undefined });
    for (const each of boxes) await park.put(each, { id: "0", bytes: Buffer.from(each) });

    for (const each of boxes) {
      const listed = await park.list(each, 10);
      expect(listed.map(({ id, bytes }) => [id, Buffer.from(bytes).toString()])).toEqual([["0", each]]);
    }
    expect(await checkpoints.load(place)).toEqual([checkpoint("41")]);
    expect(await checkpoints.owners(place)).toMatchObject([{ partition: "1", owner: "me" }]);
    expect(await theirs.listCheckpoints(...group)).toMatchObject([{ partitionId: "1" }]);
    expect(await theirs.listOwnership(...group)).toMatchObject([{ partitionId: "1", ownerId: "me" }]);

    const taken = await park.take(box, "0");
    expect(taken !== undefined && (await park.remove(box, taken))).toBe(true);
    await checkpoints.forget(place, "1");
    expect(await checkpoints.load(place)).toEqual([]);
    expect(await checkpoints.owners(place)).toHaveLength(1);
    for (const each of boxes.slice(1)) expect(await park.list(each, 10)).toHaveLength(1);
  });
});

describe("a consumer group with blob stores", () => {
  it.each([
    ["two containers", false],
    ["one container", true],
  ])(
    "in %s goes on behind its checkpoint, and finds what it parked and nothing else",
    async (_, together) => {
      const hub = await HubFixture.start(1);
      try {
        const container = await containers.next();
        const stores = {
          checkpoints: blobCheckpoints(container),
          park: blobPark(together ? container : await containers.next()),
        };
        const line = await hub.connect(stores);
        await line.sender().send(outgoing(...[1, 2, 3].map((n) => envelope(n, { key: "one" }))));
        const first = line.reader();
        const [one, two] = await first.take(3);
        if (one === undefined || two === undefined) throw new Error("three events come");
        await first.complete(one);
        await first.receiver.settle([{ delivery: two, action: { kind: "deadLetter", record } }]);
        await first.checkpoint(two);
        await first.receiver.close();
        const second = line.reader();
        expect(numbers(await second.take(1))).toEqual([3]);
        const letters = await line.deadLetters().peek(10);
        expect(numbers(letters)).toEqual([2]);
      } finally {
        await hub.close();
      }
    },
  );
});
