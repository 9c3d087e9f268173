import { describe, expect, it } from "vitest";
import { campaign, runSeed } from "../../src/testing/simulation/campaign.js";
import { shrink } from "../../src/testing/simulation/shrink.js";
import { simulate } from "../../src/testing/simulation/simulate.js";
import { defaultSize } from "../../src/testing/simulation/size.js";
import { storyOf } from "../../src/testing/simulation/story.js";
import { hashOf, traceOf } from "../../src/testing/simulation/trace.js";

describe("a schedule", () => {
  it("is the same for the same seed", async () => {
    for (const seed of ["1", "2", "3", "4", "5"]) {
      const [once, again] = [await simulate(seed), await simulate(seed)];
      expect(traceOf(again), `seed ${seed}`).toEqual(traceOf(once));
      expect(hashOf(again), `seed ${seed}`).toBe(hashOf(once));
    }
  });

  it("is another one for another seed", async () => {
    expect(hashOf(await simulate("1"))).not.toBe(hashOf(await simulate("2")));
  });

  it("has at least as many choices as the size says", async () => {
    for (const seed of ["11", "12", "13"]) {
      expect((await simulate(seed)).choices, `seed ${seed}`).toBeGreaterThanOrEqual(defaultSize.minChoices);
    }
  });

  it("has its crash before everything is healed, and none afterwards", async () => {
    for (const seed of ["21", "22", "23", "24"]) {
      const { history } = await simulate(seed);
      const crashes = history.filter((each) => each.kind === "life" && each.step === "crashed");
      expect(
        crashes.map(({ choice }) => choice <= defaultSize.minChoices),
        `seed ${seed}`,
      ).toEqual([true]);
    }
  });

  it("stays the same when what a fault is drawn from has nothing to do with it", async () => {
    const whole = await simulate("7");
    const without = await simulate("7", { adjust: (swarm) => ({ ...swarm, faults: [] }) });
    expect(without.workload.messages).toEqual(whole.workload.messages);
  });
});

describe("a failing schedule", () => {
  it("is shrunk to one that fails in the same way with less, and told to a person", async () => {
    const bug = "lockNotRenewed";
    const { failure: failed } = await campaign({ first: 1, seeds: 300, bug });
    if (failed === undefined) throw new Error("no schedule fails with the bug");
    const least = await shrink(failed, bug);
    expect(least.findings[0]?.invariant).toBe(failed.findings[0]?.invariant);
    expect(least.schedule.size.messages).toBeLessThan(failed.schedule.size.messages);
    expect(least.schedule.swarm.faults).toEqual([]);
    const story = storyOf(least);
    expect(story).toContain(`seed ${failed.schedule.seed}:`);
    expect(story.split("\n").length).toBeLessThan(160);
  });

  it("that does not fail again is left as it is", async () => {
    const failed = await runSeed("1", { bug: "lockNotRenewed" });
    expect(hashOf((await shrink(failed)).schedule)).toBe(hashOf(failed.schedule));
  });
});
