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
