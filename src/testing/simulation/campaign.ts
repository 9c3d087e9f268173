import type { BugName } from "./bugs.js";
import { check, checkedInvariants, type Finding } from "./checkers/all.js";
import { at } from "./checkers/seen.js";
import { faultKinds } from "./faults.js";
import { defaultSize, type SimulationSize } from "./size.js";
import { simulate, type Schedule } from "./simulate.js";
import { hashOf } from "./trace.js";

/** Options for {@link campaign}. */
export interface CampaignOptions {
  readonly first: number;
  readonly seeds: number;
  readonly size?: SimulationSize;
  readonly bug?: BugName;
  /** Told of each schedule; answers whether to go on. Default: to the first failure. */
  readonly onSchedule?: (outcome: Outcome) => boolean;
}

/** What a schedule came to. */
export interface Outcome {
  readonly schedule: Schedule;
  readonly findings: readonly Finding[];
  readonly exercised: readonly string[];
}

/** What many schedules came to. */
export interface Campaign {
  readonly run: number;
  readonly failure: Outcome | undefined;
  readonly coverage: Coverage;
}

/** How often what was hit. */
export interface Coverage {
  readonly faults: ReadonlyMap<string, number>;
  readonly invariants: ReadonlyMap<string, number>;
  /** Combinations of what was said of one delivery, one after the other: the ways that messages took. */
  readonly states: number;
  /** Schedules with fewer choices than `minChoices`. */
  readonly short: number;
  readonly choices: number;
  /** Faults and invariants that are simulated and were never put to the test. */
  readonly missing: readonly string[];
}

/** From so many schedules on, a fault or an invariant of the simulation that none of them met is a failure. */
const coverageFrom = 10_000;

/** Whether a run of so many schedules has failed: an invariant did not hold, or too much was never put to the test. */
export const hasFailed = (seeds: number, failures: number, missing: readonly string[]): boolean =>
  failures > 0 || (seeds >= coverageFrom && missing.length > 0);

/** How often a schedule runs twice, to see that it is the same: one in so many. */
const twiceEvery = 100;

/** Runs the schedules of consecutive seeds and checks each. */
export async function campaign(options: CampaignOptions): Promise<Campaign> {
  const { first, seeds, size = defaultSize, bug } = options;
  const goOn = options.onSchedule ?? (({ findings }: Outcome) => findings.length === 0);
  const tally = new Tally(size);
  let failure: Outcome | undefined;
  let run = 0;
  for (let seed = first; seed < first + seeds; seed += 1) {
    const outcome = await runSeed(String(seed), { size, ...(bug !== undefined ? { bug } : {}) });
    run += 1;
    const repeated = run % twiceEvery === 1 && bug === undefined ? await repeatedly(outcome) : outcome;
    tally.add(repeated, run % twiceEvery === 1);
    if (repeated.findings.length > 0) failure ??= repeated;
    if (!goOn(repeated)) break;
  }
  return { run, failure, coverage: tally.coverage() };
}

/** Runs and checks the schedule of one seed. */
export async function runSeed(seed: string, options: Parameters<typeof simulate>[1] = {}): Promise<Outcome> {
  const schedule = await simulate(seed, options);
  return { schedule, ...check(schedule) };
}

/** I21: the same seed gives the same schedule. */
async function repeatedly(outcome: Outcome): Promise<Outcome> {
  const { seed, size } = outcome.schedule;
  const again = await simulate(seed, { size });
  if (hashOf(again) === hashOf(outcome.schedule)) return outcome;
  const finding = { invariant: "I21", text: `the schedule of seed ${seed} was another the second time` };
  return { ...outcome, findings: [...outcome.findings, finding] };
}

/** Faults of a swarm that strike processes, not boundaries. */
const lifeFaults = [
  "crash",
  "gracefulStop",
  "pause",
  "skew",
  "staleCopy",
  "undecodable",
  "polluting",
  "listenerThrows",
];
const handlerFaults = ["hangs", "throwsAnything", "hotKey", "dedupOfCopies"];

/** How many steps before the newest one make a way another way. */
const longestWay = 4;

class Tally {
  readonly #size: SimulationSize;
  readonly #faults = new Map<string, number>();
  readonly #invariants = new Map<string, number>();
  readonly #states = new Set<string>();
  readonly #letters = new Map<string, string>();
  #short = 0;
  #choices = 0;

  constructor(size: SimulationSize) {
    this.#size = size;
  }

  add({ schedule, exercised }: Outcome, repeated: boolean): void {
    for (const invariant of exercised) count(this.#invariants, invariant);
    if (repeated) count(this.#invariants, "I21");
    this.#choices += schedule.choices;
    if (schedule.choices < this.#size.minChoices) this.#short += 1;
    for (const fault of faultsOf(schedule)) count(this.#faults, fault);
    const last = new Map<string, string>();
    for (const each of schedule.history) {
      if (each.kind !== "said") continue;
      const message = `${each.channel} ${each.id}`;
      const way = (last.get(message) ?? "").slice(-longestWay) + this.#letterOf(each.event);
      last.set(message, way);
      this.#states.add(this.#letterOf(each.channel) + way);
    }
  }

  /** Ways are many and compared often, so they are short. */
  #letterOf(word: string): string {
    return at(this.#letters, word, () => String.fromCharCode(0x41 + this.#letters.size));
  }

  coverage(): Coverage {
    const wanted = [...Object.keys(faultKinds), ...lifeFaults, ...handlerFaults];
    const missing = [
      ...wanted.filter((name) => !this.#faults.has(name)),
      ...checkedInvariants.filter((name) => !this.#invariants.has(name)),
    ];
    return {
      faults: this.#faults,
      invariants: this.#invariants,
      states: this.#states.size,
      short: this.#short,
      choices: this.#choices,
      missing,
    };
  }
}

/** The names of all faults that a schedule had. */
function faultsOf({ history, swarm, workload }: Schedule): Set<string> {
  const names = new Set<string>();
  for (const each of history) {
    if (each.kind === "fault") names.add(each.fault);
    if (each.kind === "life" && each.step === "crashed") names.add("crash");
    if (each.kind === "life" && each.step === "paused") names.add("pause");
    if (each.kind === "life" && each.step === "stopping" && each.choice < 700) names.add("gracefulStop");
    if (each.kind === "accepted" && each.brokerId !== undefined && swarm.dedup) names.add("dedupOfCopies");
    if (each.kind !== "started") continue;
    const behaviour = workload.behaviourOf(each.n);
    if (behaviour.kind === "hangs") names.add("hangs");
    if (behaviour.kind === "fails" && behaviour.how !== "error") names.add("throwsAnything");
  }
  for (const { readable } of workload.foreign) names.add(readable ? "polluting" : "undecodable");
  if (swarm.skewMs.some((ms) => ms !== 0)) names.add("skew");
  if (swarm.hotShare > 0) names.add("hotKey");
  if (swarm.listenerThrows) names.add("listenerThrows");
  return names;
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
