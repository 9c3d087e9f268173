import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleChild, type Program } from "./bundle.js";
import { points, type Point } from "./points.js";
import { failuresOf, tableOf } from "./report.js";
import { runPoint, type PointResult, type PointRun } from "./run-point.js";

let program: Program;
beforeAll(async () => {
  program = await bundleChild();
});
afterAll(() => {
  program.remove();
});

const pointOf = (name: string): Point => {
  const found = points.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no point "${name}"`);
  return found;
};

const killOnce = (
  transport: PointRun["transport"],
  point: string,
  more: Partial<PointRun> = {},
): Promise<PointResult> =>
  runPoint({ transport, point: pointOf(point), kills: 1, seed: 1, program: program.file, ...more });

describe("a consumer process that is killed", () => {
  it("leaves a service bus message whose effect is not recorded, and its successor is told so", async () => {
    const result = await killOnce("service-bus", "after the effect");
    expect(result).toMatchObject({ kills: 1, lost: [], repeated: [] });
    expect(result.duplicates).toBeGreaterThan(0);
  });

  it("leaves an event that was parked before its checkpoint, and it is parked once", async () => {
    const result = await killOnce("event-hubs", "dead-letter copy accepted");
    expect(result).toMatchObject({ kills: 1, lost: [], repeated: [] });
  });

  it("leaves a storage queue message that is in the poison queue already", async () => {
    const result = await killOnce("storage-queue", "dead-letter copy accepted");
    expect(result).toMatchObject({ kills: 1, lost: [], repeated: [] });
  });

  it("loses what an adapter settles before the handler has run, and the run says which", async () => {
    const result = await killOnce("service-bus", "mid-handler", { settlesFirst: true });
    expect(result.kills).toBe(1);
    expect(result.lost).not.toEqual([]);
    expect(failuresOf(result, 1)).toEqual([`service-bus: mid-handler: lost ${result.lost.join(", ")}`]);
  });

  it("repeats an effect without a warning where its consumer is not idempotent, and the run says which", async () => {
    const result = await killOnce("service-bus", "after the effect", { idempotent: false });
    expect(result.lost).toEqual([]);
    expect(failuresOf(result, 1)).toEqual([
      `service-bus: after the effect: repeated ${result.repeated.join(", ")}`,
    ]);
  });
});

describe("the report of a crash run", () => {
  it("fails a point that was not hit as often as asked", () => {
    const result: PointResult = {
      ...{ transport: "service-bus", point: "after settle", kills: 0, missed: 1, accepted: 2 },
      ...{ lost: [], repeated: [], strangers: [], duplicates: 0, followUpsAgain: 0 },
    };
    expect(failuresOf(result, 1)).toEqual(["service-bus: after settle: hit 0 of 1 times"]);
    expect(tableOf([result])).toContain("service-bus: after settle      0");
  });
});
