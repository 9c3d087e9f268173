import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { envelope, HubFixture, numbers, outgoing, type HubLine } from "./hub-fixture.js";

let hub: HubFixture;

beforeEach(async () => {
  hub = await HubFixture.start(1);
});

afterEach(async () => {
  await hub.close();
});

const key = { key: "one" };

async function send(line: HubLine, ...all: readonly number[]): Promise<void> {
  const results = await line.sender().send(outgoing(...all.map((n) => envelope(n, key))));
  expect(results.every(({ ok }) => ok)).toBe(true);
}

describe("a consumer group", () => {
  it("that began at the latest begins there again, though nothing was stored since", async () => {
    const line = await hub.connect();
    await send(line, 1, 2);
    const first = line.reader({ startFrom: "latest" });
    expect(await first.next()).toEqual([]);
    await first.receiver.close();
    await send(line, 3);
    expect(numbers(await line.reader({ startFrom: "latest" }).take(1))).toEqual([3]);
  });

  it("never stores a checkpoint before the one that is stored", async () => {
    const line = await hub.connect();
    await send(line, 1, 2, 3);
    const first = line.reader();
    const got = await first.take(3);
    await first.checkpoint(got[2]);
    await first.checkpoint(got[0]);
    await first.receiver.close();
    expect(await line.reader().next()).toEqual([]);
  });

  it("stores nothing any more once its reader is closed", async () => {
    const line = await hub.connect();
    await send(line, 1);
    const first = line.reader();
    const got = await first.take(1);
    await first.receiver.close();
    await expect(first.checkpoint(got[0])).rejects.toMatchObject({ class: "lockLost" });
    expect(numbers(await line.reader().take(1))).toEqual([1]);
  });
});

describe("a member that was paused for too long", () => {
  const place = { namespace: "127.0.0.1", stream: "sales", group: "till" };

  /** It has handled three events, and looks at the store no more; another member has claimed its partition. */
  async function overtaken() {
    const line = await hub.connect({ balanceInterval: "1h", ownershipExpiry: "3h" });
    await send(line, 1, 2, 3);
    const paused = line.reader();
    const got = await paused.take(3);
    await paused.complete(...got.slice(0, 2));
    const [mine] = await hub.checkpoints.owners(place);
    const claim = { partition: "0", owner: "another", etag: mine?.etag };
    expect(await hub.checkpoints.claim(place, claim)).toMatchObject({ owner: "another" });
    return { paused, got };
  }

  const stored = (sequenceNumber: string) => ({ partition: "0", offset: "-", sequenceNumber });

  it.each([
    ["back", "2", 0],
    ["forward, past what the new owner reads again", "0", 1],
  ])("moves the checkpoint of its successor neither %s", async (_, now, late) => {
    const { paused, got } = await overtaken();
    await hub.checkpoints.save(place, stored(now));
    await expect(paused.checkpoint(got[late])).rejects.toMatchObject({ class: "lockLost" });
    expect(await hub.checkpoints.load(place)).toEqual([stored(now)]);
  });

  it("hears of it then, and settles nothing any more", async () => {
    const { paused, got } = await overtaken();
    await expect(paused.checkpoint(got[1])).rejects.toMatchObject({ class: "lockLost" });
    expect(await hub.checkpoints.load(place)).toEqual([]);
    expect(numbers(paused.lost.map(({ delivery }) => delivery))).toEqual([3]);
    expect(await paused.complete(...got.slice(2))).toMatchObject([{ class: "lockLost" }]);
  });
});

describe("a checkpoint that the hub does not know", () => {
  async function readTo(sequence: number, line: HubLine): Promise<void> {
    const reader = line.reader();
    const got = await reader.take(sequence);
    await reader.complete(...got);
    await reader.checkpoint(got.at(-1));
    await reader.receiver.close();
  }

  /** As somebody would who deletes a hub and makes it again. */
  function recreate(): void {
    const { namespace } = hub.emulator;
    namespace.deleteHub("sales");
    namespace.createHub("sales", { partitions: 1 });
    hub.addGroup("till");
  }

  it.each([
    ["ends before the checkpoint", [10]],
    ["has another event at the checkpoint", [10, 11, 12, 13]],
  ])("of a hub that was made anew and %s: it is said, and all of the new hub is read", async (_, anew) => {
    const old = await hub.connect();
    await send(old, 1, 2, 3);
    await readTo(3, old);
    await old.connection.close();
    recreate();
    hub.emulator.clock.advance(1_000);
    const line = await hub.connect();
    // Longer bodies, so that offsets differ, as they do between any two hubs.
    const results = await line
      .sender()
      .send(outgoing(...anew.map((n) => envelope(n, { ...key, correlationId: "of the new hub" }))));
    expect(results.every(({ ok }) => ok)).toBe(true);
    const reader = line.reader();
    await expect(reader.take(1)).rejects.toThrow(/made anew/);
    const got = await reader.take(anew.length);
    expect(numbers(got)).toEqual(anew);
    await reader.complete(...got);
    await reader.checkpoint(got.at(-1));
    await reader.receiver.close();
    expect(await line.reader().next()).toEqual([]);
  });

  it("because what lay behind it has expired: it is said, and reading goes on with what is left", async () => {
    const line = await hub.connect();
    await send(line, 1, 2, 3, 4);
    await readTo(2, line);
    hub.emulator.clock.advance(25 * 3_600_000);
    await send(line, 5);
    const reader = line.reader();
    await expect(reader.take(1)).rejects.toThrow(/no longer has the events with sequence numbers 2 to 3/);
    expect(numbers(await reader.take(1))).toEqual([5]);
  });
});
