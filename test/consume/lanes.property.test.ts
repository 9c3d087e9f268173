import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DeliveryRun } from "../../src/consume/delivery-run.js";
import { Work } from "../../src/runtime/activity.js";
import { Lanes } from "../../src/consume/lanes.js";
import { delivery } from "./deliveries.js";

/** The model keeps every delivery for ever, with what has become of it, and looks at all of them for each answer. */
interface Entry {
  readonly id: string;
  readonly lane: string | undefined;
  readonly type: string;
  readonly run: DeliveryRun;
  state: "waiting" | "started" | "done" | "drained";
  /** Since which step nothing of its lane was before it. */
  readySince: number | undefined;
}

interface World {
  readonly lanes: Lanes;
  readonly entries: Entry[];
  steps: number;
}

const waitingOf = (world: World, lane: string | undefined): Entry[] =>
  world.entries.filter((entry) => entry.state === "waiting" && entry.lane === lane);

const isBusy = (world: World, lane: string): boolean =>
  world.entries.some((entry) => entry.lane === lane && entry.state === "started");

/** Of each lane the oldest that waits, if none of it runs; without a lane, all. In the order in which they became so. */
function startable(world: World): Entry[] {
  const heads = world.entries.filter((entry) => {
    if (entry.state !== "waiting") return false;
    if (entry.lane === undefined) return true;
    return !isBusy(world, entry.lane) && waitingOf(world, entry.lane)[0] === entry;
  });
  for (const entry of heads) entry.readySince ??= world.steps;
  return heads.sort((a, b) => (a.readySince ?? 0) - (b.readySince ?? 0));
}

type Step = (world: World) => void;

const push =
  (lane: string | undefined, type: string): Step =>
  (world) => {
    const id = `m${String(world.entries.length)}`;
    const run = new DeliveryRun(
      delivery({ id, type, ...(lane !== undefined ? { lane } : {}) }),
      new Work(() => id),
    );
    world.entries.push({ id, lane, type, run, state: "waiting", readySince: undefined });
    world.lanes.push(run);
  };

/** Starts the next one and, as a batch does, those that may join it. */
const start =
  (max: number): Step =>
  (world) => {
    const [first] = startable(world);
    const run = world.lanes.next();
    expect(run).toBe(first?.run);
    if (first === undefined || run === undefined) return;
    first.state = "started";
    if (max === 1) return;
    const followers = first.lane === undefined ? startable(world) : waitingOf(world, first.lane);
    const end = followers.findIndex(({ type }) => type !== first.type);
    const joining = followers.slice(0, end < 0 ? max - 1 : Math.min(end, max - 1));
    expect(world.lanes.join(run, max)).toEqual(joining.map((entry) => entry.run));
    for (const entry of joining) entry.state = "started";
  };

/** Ends one that runs, with everything of its lane that was started together. */
const finish =
  (which: number): Step =>
  (world) => {
    const started = world.entries.filter(({ state }) => state === "started");
    const entry = started[which % Math.max(1, started.length)];
    if (entry === undefined) return;
    const together = entry.lane === undefined ? [entry] : started.filter(({ lane }) => lane === entry.lane);
    for (const each of together) each.state = "done";
    world.lanes.done(entry.lane);
  };

const drain: Step = (world) => {
  const waiting = world.entries.filter(({ state }) => state === "waiting");
  const drained = world.lanes.drain().map((run) => run.delivery.envelope.id);
  expect([...drained].sort()).toEqual(waiting.map(({ id }) => id).sort());
  for (const entry of waiting) entry.state = "drained";
};

/** A channel has lanes or it has none: `kinds` says which lanes deliveries may name. */
const stepsWith = (kinds: readonly (string | undefined)[]): fc.Arbitrary<Step[]> => {
  const pushes = fc.tuple(fc.constantFrom(...kinds), fc.constantFrom("t", "t", "u"));
  return fc.array(
    fc.oneof(
      { weight: 6, arbitrary: pushes.map(([lane, type]) => push(lane, type)) },
      { weight: 4, arbitrary: fc.integer({ min: 1, max: 4 }).map(start) },
      { weight: 4, arbitrary: fc.nat(5).map(finish) },
    ),
    { minLength: 10, maxLength: 120 },
  );
};

function live(steps: readonly Step[]): World {
  const world: World = { lanes: new Lanes(), entries: [], steps: 0 };
  for (const step of steps) {
    world.steps += 1;
    step(world);
    expect(world.lanes.ready).toBe(startable(world).length);
  }
  return world;
}

describe("lanes under any sequence of arrivals, starts and ends", () => {
  it.each([
    ["of sessions or partitions", ["a", "b", "c"]],
    ["without lanes", [undefined]],
  ])("start what a plain list %s would, one of a lane at a time and in its order", (_name, kinds) => {
    fc.assert(
      fc.property(stepsWith(kinds), (steps) => {
        const world = live(steps);
        drain(world);
        expect(world.lanes.next()).toBeUndefined();
      }),
      { numRuns: 400 },
    );
  });

  it("starts everything in the end, each once", () => {
    fc.assert(
      fc.property(stepsWith(["a", "b", "c"]), fc.array(fc.nat(5), { minLength: 1 }), (steps, choices) => {
        const world = live(steps);
        for (let turn = 0; world.entries.some(({ state }) => state !== "done"); turn += 1) {
          start(1)(world);
          finish(choices[turn % choices.length] ?? 0)(world);
          world.steps += 1;
          expect(turn).toBeLessThan(2 * world.entries.length);
        }
      }),
      { numRuns: 200 },
    );
  });
});
