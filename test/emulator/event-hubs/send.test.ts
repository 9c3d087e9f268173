import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startFixture, type Fixture } from "../fixture.js";
import { HubClient } from "./hub-client.js";

let fixture: Fixture;
let sales: HubClient;

beforeEach(async () => {
  fixture = await startFixture();
  fixture.namespace.createHub("sales", { partitions: 4 });
  sales = new HubClient(fixture, "sales");
});

afterEach(async () => {
  await sales.close();
  await fixture.close();
  expect(fixture.faults).toEqual([]);
});

describe("a producer of @azure/event-hubs", () => {
  it("sends to a partition by its id", async () => {
    await sales.producer().sendBatch([{ body: "a" }, { body: "b" }], { partitionId: "2" });
    const events = await sales.read(2, { offset: "-1" }, { partitionId: "2" });
    expect(events.map(({ body }) => body as unknown)).toEqual(["a", "b"]);
  });
});
