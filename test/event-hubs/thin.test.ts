import { afterEach, beforeEach, expect, it } from "vitest";
import { envelope, HubFixture, numbers, outgoing } from "./hub-fixture.js";

let hub: HubFixture;

beforeEach(async () => {
  hub = await HubFixture.start(1);
});

afterEach(async () => {
  await hub.close();
});

it("sends, reads one partition, stores a checkpoint, and the next reader goes on behind it", async () => {
  const line = await hub.connect();
  const results = await line
    .sender()
    .send(outgoing(envelope(1), envelope(2, { key: "a" }), envelope(3, { key: "a" })));
  expect(results.map(({ ok }) => ok)).toEqual([true, true, true]);
  const reader = line.reader();
  const got = await reader.take(3);
  expect([...numbers(got)].sort()).toEqual([1, 2, 3]);
  expect(got[1]?.envelope).toMatchObject({ type: "tailwind.item.sold", source: "till" });
  expect(await reader.complete(...got)).toEqual([undefined, undefined, undefined]);
  await reader.checkpoint(got[1]);
  await reader.receiver.close();
  const again = line.reader();
  expect(numbers(await again.take(1))).toEqual(numbers(got.slice(2)));
  expect(await again.next()).toEqual([]);
});
