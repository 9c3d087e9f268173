import { describe, expect, it } from "vitest";
import { service } from "waybill";
import { testBus } from "waybill/testing";
import { orderedJobs } from "./jobs.js";

describe("a consumer of an ordered queue whose receives fail", () => {
  it("leaves its idle sessions to others while it waits before it receives again", async () => {
    const handled: string[] = [];
    const worker = (name: string) =>
      service(name).consume(
        orderedJobs,
        {
          job: ({ data }) => {
            // The next receive is that of the worker that handles this: the other one waits already.
            if (data.id === "1") bus.failNext("receive", { times: 3 });
            handled.push(`${data.id} ${name}`);
          },
        },
        { concurrency: 1 },
      );
    const bus = await testBus([worker("one"), worker("two")]);
    await bus.settle();
    await bus.deliver(orderedJobs.job, { id: "1" });
    await bus.settle();
    expect(bus.events.map(({ event }) => event)).toContain("receiveFailed");
    await bus.deliver(orderedJobs.job, { id: "2" });
    await bus.settle();
    const [first = "", second = ""] = handled;
    expect([first.slice(0, 1), second.slice(0, 1)]).toEqual(["1", "2"]);
    expect(second.slice(2)).not.toBe(first.slice(2));
    await bus.settle({ advance: "1m" });
    await bus.deliver(orderedJobs.job, { id: "3" });
    await bus.settle();
    expect(handled).toHaveLength(3);
    await bus.stop();
  });
});
