import { memoryIdempotency } from "waybill/memory";
import type { ClaimChange, ClaimHandle, ClaimRequest, ClaimResult, IdempotencyStore } from "waybill/store";
import { Child } from "../../crash/child-process.js";
import { AdvancedClock } from "../../crash/clock.js";
import type { Accepted, Services } from "../../crash/ledger.js";
import type { TransportName } from "../../crash/points.js";
import { openShop, type Shop } from "../../crash/shop.js";
import type { Told } from "../../crash/wire.js";
import { openWorld } from "../../crash/world/open-world.js";
import type { World } from "../../crash/world/world.js";
import { FencedLedger } from "../fenced-ledger.js";
import { workerProgram } from "../program.js";
import type { Outcome, Row } from "../row.js";
import { until } from "../until.js";

/** When a process is stopped, and how much time passes meanwhile. */
interface Pause {
  readonly on: TransportName;
  /** Of the handler: before its effect, or when that has happened and the process has not heard of it. */
  readonly at: "began" | "effect";
  /** Whether only the lock ends, or the lease of the claim, too. */
  readonly ends: "lock" | "lease";
}

/** Locks last a minute or less, leases a minute. */
const passesMs = 125_000;
/** Of ten milliseconds. */
const looksBetween = 100;

const victim: Accepted = { id: "victim", n: 1, does: "work" };
const others: readonly Accepted[] = [2, 3].map((n) => ({ id: `other-${String(n)}`, n, does: "work" }));

/** A process that stands still in its handler, another one that takes over, and the first one when it wakes up. */
class StoppedProcess {
  readonly ledger = new FencedLedger();
  readonly problems: string[] = [];
  readonly #pause: Pause;
  readonly #world: World;
  readonly #clock = new AdvancedClock();
  readonly #store: IdempotencyStore;
  #stops = 0;
  /** What the store answered to the one that stood still, about the victim, and to its successor. */
  readonly #toSleeper: (ClaimChange | ClaimResult["kind"])[] = [];
  readonly #toSuccessor: (ClaimChange | ClaimResult["kind"])[] = [];

  constructor(pause: Pause, world: World) {
    this.#pause = pause;
    this.#world = world;
    this.#store = memoryIdempotency({ runtime: this.#clock.runtime });
  }

  async play(shop: Shop): Promise<Outcome> {
    const sleeper: Child = await this.#start(this.#toSleeper, () => sleeper.suspend());
    try {
      await shop.send([victim]);
      await until("the process to be stopped", () => this.#stops > 0);
      await shop.send(others);
      const successor = await this.#start(this.#toSuccessor);
      try {
        await this.#takeOver();
        sleeper.resume();
        await until("the end of all work", () => this.#isOver(sleeper));
        await Promise.all([sleeper.stop(), successor.stop()]);
      } finally {
        await successor.destroy();
      }
      this.#check(sleeper.said);
      return await this.#outcome();
    } finally {
      await sleeper.destroy();
    }
  }

  /** Time passes, and now and then again: what came free may have been pushed to the one that stands still. */
  async #takeOver(): Promise<void> {
    const { ends } = this.#pause;
    let looks = 0;
    await until("another process to take over", async () => {
      if (looks % looksBetween === 0) {
        if (ends === "lease") this.#clock.advance(passesMs);
        await this.#world.pass(passesMs);
      }
      looks += 1;
      return this.#toSuccessor.includes(ends === "lease" ? "ok" : "busy");
    });
  }

  async #isOver(sleeper: Child): Promise<boolean> {
    // What was given back because another one had it comes again later.
    await this.#world.pass(1_000);
    const spoke = this.#toSleeper.some((answer) => answer === "stale" || answer === "ok");
    return (spoke || sleeper.end !== undefined) && (await this.#world.quiet("orders"));
  }

  async #start(answers: (ClaimChange | ClaimResult["kind"])[], stop?: () => void): Promise<Child> {
    const { checkpoints, park, connectionString } = this.#world;
    const services: Services = {
      checkpoints,
      park,
      ledger: stop === undefined ? this.ledger : this.#stopping(stop),
      idempotency: this.#noting(answers),
    };
    const life = { transport: this.#pause.on, connectionString, idempotent: true, settlesFirst: false };
    const child = new Child(await workerProgram(), life, services);
    await child.ready;
    return child;
  }

  /** The ledger, by which the process is stopped when the moment has come. */
  #stopping(stop: () => void): object {
    const told =
      (step: Pause["at"]) =>
      (each: Told): void => {
        this.ledger[step](each);
        if (step !== this.#pause.at || each.id !== victim.id || this.#stops > 0) return;
        this.#stops += 1;
        stop();
      };
    return { began: told("began"), effect: told("effect") };
  }

  /** The store, which remembers what it has answered about the victim. */
  #noting(answers: (ClaimChange | ClaimResult["kind"])[]): object {
    const store = this.#store;
    const note = (key: string, answer: ClaimChange | ClaimResult["kind"]): void => {
      if (key.includes(victim.id)) answers.push(answer);
    };
    return {
      claim: async (request: ClaimRequest) => {
        const result = await store.claim(request);
        note(request.key, result.kind);
        return result;
      },
      extend: (handle: ClaimHandle, leaseMs: number) => store.extend(handle, leaseMs),
      complete: async (handle: ClaimHandle, retentionMs: number) => {
        const change = await store.complete(handle, retentionMs);
        note(handle.key, change);
        return change;
      },
      release: async (handle: ClaimHandle) => {
        const change = await store.release(handle);
        note(handle.key, change);
        return change;
      },
    };
  }

  /** What woke up may do nothing to what another one has. */
  #check(said: string): void {
    const { ends, at } = this.#pause;
    if (ends === "lease" && this.#toSleeper.includes("ok"))
      this.problems.push("I3: the one that woke up completed a claim that another one has");
    if (ends === "lease" && at === "began" && this.ledger.fenced !== 1)
      this.problems.push(`I2: ${String(this.ledger.fenced)} late effects were fenced off, not 1`);
    const refused = ends === "lease" ? /left victim/ : /(lockLost|settleFailed|left victim)/;
    if (this.#pause.on !== "event-hubs" && !refused.test(said))
      this.problems.push(`I3: nothing refused the settlement of the one that woke up: ${said}`);
  }

  async #outcome(): Promise<Outcome> {
    for (const channel of ["bills", "mails"] as const)
      await until(`an empty "${channel}"`, () => this.#world.quiet(channel));
    const verdict = this.ledger.verdict(new Set(await this.#world.deadLetters()));
    return {
      struck: this.#stops,
      accepted: verdict.accepted,
      effects: this.ledger.effects,
      lost: verdict.lost,
      problems: [
        ...this.problems,
        ...verdict.repeated.map((id) => `I2: the effect of ${id} was repeated without a warning`),
        ...verdict.strangers.map((id) => `a dead letter that should be none: ${id}`),
      ],
    };
  }
}

function row(f: number, injected: string, pause: Pause): Row {
  return {
    ...{ f, on: pause.on, injected, holds: ["I1", "I2", "I3", "I4"] },
    run: async () => {
      const world = await openWorld(pause.on);
      try {
        const played = new StoppedProcess(pause, world);
        const shop = await openShop(pause.on, world.transport, played.ledger);
        try {
          return await played.play(shop);
        } finally {
          await shop.close();
        }
      } finally {
        await world.close();
      }
    },
  };
}

const locked =
  "SIGSTOP in a handler until its lock has ended, not its lease; another process gets the message";
const early =
  "SIGSTOP before the effect until lock and lease have ended twice; another process does the work";
const late = "SIGSTOP after the effect until lock and lease have ended twice; another process does the work";

/** Processes that stand still for longer than what they hold. */
export const stopped: readonly Row[] = [
  ...(["service-bus", "storage-queue"] as const).map((on) =>
    row(51, locked, { on, at: "began", ends: "lock" }),
  ),
  ...(["service-bus", "event-hubs", "storage-queue"] as const).flatMap((on) => [
    row(52, early, { on, at: "began", ends: "lease" }),
    row(52, late, { on, at: "effect", ends: "lease" }),
  ]),
];
