import { describe, expect, it } from "vitest";
import { DeliveryRun } from "../../src/consume/delivery-run.js";
import { Work } from "../../src/runtime/activity.js";
import { Lanes } from "../../src/consume/lanes.js";
import { delivery } from "./deliveries.js";

const run = (id: string, lane?: string, type = "t"): DeliveryRun =>
  new DeliveryRun(delivery({ id, type, ...(lane !== undefined ? { lane } : {}) }), new Work(() => id));

const ids = (runs: readonly (DeliveryRun | undefined)[]): (string | undefined)[] =>
  runs.map((each) => each?.delivery.envelope.id);

describe("lanes", () => {
  it("start deliveries without a lane in the order of arrival", () => {
    const lanes = new Lanes();
    for (const id of ["a", "b", "c"]) lanes.push(run(id));
    expect(ids([lanes.next(), lanes.next(), lanes.next(), lanes.next()])).toEqual(["a", "b", "c", undefined]);
  });

  it("start the next delivery of a lane only when the one before is done", () => {
    const lanes = new Lanes();
    lanes.push(run("a1", "a"));
    lanes.push(run("a2", "a"));
    lanes.push(run("b1", "b"));
    expect(ids([lanes.next(), lanes.next(), lanes.next()])).toEqual(["a1", "b1", undefined]);
    lanes.done("a");
    expect(ids([lanes.next()])).toEqual(["a2"]);
  });

  it("take later deliveries of a lane that has become free", () => {
    const lanes = new Lanes();
    lanes.push(run("a1", "a"));
    lanes.next();
    lanes.done("a");
    lanes.push(run("a2", "a"));
    expect(ids([lanes.next()])).toEqual(["a2"]);
  });

  it("join a batch of one lane and one type, up to its size", () => {
    const lanes = new Lanes();
    const first = run("a1", "a");
    lanes.push(first);
    for (const each of [run("a2", "a"), run("a3", "a"), run("a4", "a", "other"), run("b1", "b")])
      lanes.push(each);
    expect(ids([lanes.next()])).toEqual(["a1"]);
    expect(ids(lanes.join(first, 10))).toEqual(["a2", "a3"]);
    expect(ids(lanes.join(first, 10))).toEqual([]);
    lanes.done("a");
    expect(ids([lanes.next(), lanes.next()])).toEqual(["b1", "a4"]);
  });

  it("give everything back that has not started, lanes included", () => {
    const lanes = new Lanes();
    lanes.push(run("a1", "a"));
    lanes.next();
    for (const each of [run("a2", "a"), run("b1", "b"), run("c")]) lanes.push(each);
    expect(ids(lanes.drain()).sort()).toEqual(["a2", "b1", "c"]);
    expect(lanes.ready).toBe(0);
  });
});
