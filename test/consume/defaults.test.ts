import { describe, expect, it } from "vitest";
import { consumerSpec } from "../../src/consume/consumer-spec.js";
import { jobs, log } from "../service/jobs.js";

const minute = 60_000;
const nothing = (): undefined => undefined;

describe("a consumer without options", () => {
  const ofQueue = consumerSpec({
    service: "s",
    channel: jobs,
    handlers: { job: nothing },
    batch: false,
    options: { idempotent: true },
  });
  const ofStream = consumerSpec({
    service: "s",
    channel: log,
    handlers: { done: nothing },
    batch: false,
    options: {},
  });

  it("tries 7 times, one of them at once, holds a key for 5 minutes and waits 10 for a newer version", () => {
    expect(ofQueue.recovery).toMatchObject({
      attempts: 7,
      immediate: 1,
      maxHoldMs: 5 * minute,
      versionPatienceMs: 10 * minute,
    });
  });

  it("renews for 5 minutes, runs 10 handlers, leases for 1 minute and remembers for 7 days", () => {
    expect([ofQueue.maxRunMs, ofQueue.concurrency]).toEqual([5 * minute, 10]);
    expect(ofQueue.idempotency).toMatchObject({ leaseMs: minute, retentionMs: 7 * 24 * 60 * minute });
  });

  it("of a stream begins at the earliest event and stores its progress after 100 events or 5 seconds", () => {
    expect([ofStream.startFrom, ofStream.checkpoint]).toEqual([
      "earliest",
      { events: 100, intervalMs: 5_000 },
    ]);
  });
});
