import { memory, memoryBroker, memoryIdempotency } from "../../../adapters/memory/index.js";
import { worldOf } from "../../../adapters/memory/memory-broker.js";
import { Activity } from "../../runtime/activity.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { BugName } from "./bugs.js";
import { simChannels, withoutOrder, type SimChannels } from "./contracts.js";
import { dice } from "./dice.js";
import { Faults } from "./faults.js";
import { Fleet, nature } from "./fleet.js";
import { historyOf, type History, type Recorded } from "./history.js";
import { outsideOf, type Outside } from "./outside.js";
import { Outbox, produce, producerService } from "./producer.js";
import { reachOf, interceptOf } from "./reach.js";
import { defaultSize, type SimulationSize } from "./size.js";
import { drawSwarm, type Swarm } from "./swarm.js";
import { workerService } from "./worker.js";
import { burstFrom, drawWorkload, type PlannedMessage, type Workload } from "./workload.js";
import { SimWorld, type RunEnd, type Step } from "./world.js";

/** Options for {@link simulate}. */
export interface SimulateOptions {
  readonly size?: SimulationSize;
  /** Changes what was drawn: shrinking leaves faults out. */
  readonly adjust?: (swarm: Swarm) => Swarm;
  /** A bug that the checkers must catch. */
  readonly bug?: BugName;
}

/** One schedule, run to its end. */
export interface Schedule {
  readonly seed: string;
  readonly size: SimulationSize;
  readonly swarm: Swarm;
  readonly workload: Workload;
  readonly history: readonly Recorded[];
  /** Every choice; {@link traceOf} makes lines and a hash of them. */
  readonly steps: readonly Step[];
  readonly choices: number;
  /** How each phase ended, by its name. */
  readonly phases: Readonly<Record<string, RunEnd>>;
}

/**
 * Runs one schedule: producers, an in-memory broker, consumers and an idempotency store, with the faults that the
 * seed draws; then heals everything and waits until nothing is left to do; then stops everybody.
 */
export async function simulate(seed: string, options: SimulateOptions = {}): Promise<Schedule> {
  const { size = defaultSize, adjust = (swarm: Swarm) => swarm, bug } = options;
  const drawn = dice(seed);
  const swarm = adjust(drawSwarm(drawn, size));
  const workload = drawWorkload(drawn, size, swarm);
  const run = new Run(seed, size, swarm, workload, bug);
  await run.toTheEnd();
  const { world, history, phases } = run;
  const { steps, choices } = world;
  return { seed, size, swarm, workload, history: history.all, steps, choices, phases };
}

class Run {
  readonly world: SimWorld;
  readonly history: History;
  readonly phases: Record<string, RunEnd> = {};
  readonly #size: SimulationSize;
  readonly #swarm: Swarm;
  readonly #workload: Workload;
  readonly #channels: SimChannels;
  readonly #faults: Faults;
  readonly #fleet: Fleet;
  readonly #broker = memoryBroker();
  readonly #transport = memory({ broker: this.#broker });
  readonly #brokerRuntime: Runtime;
  readonly #outboxes = new Map<string, Outbox>();
  readonly #bug: BugName | undefined;
  #outside: Outside | undefined;

  constructor(
    seed: string,
    size: SimulationSize,
    swarm: Swarm,
    workload: Workload,
    bug: BugName | undefined,
  ) {
    this.#size = size;
    this.#swarm = swarm;
    this.#workload = workload;
    this.#bug = bug;
    this.#channels = simChannels(size, swarm);
    this.world = new SimWorld(seed, Date.UTC(2026, 0, 1));
    this.history = historyOf(this.world);
    this.#brokerRuntime = runtimeOf(this.world);
    this.#faults = new Faults(this.world, this.history, swarm.faults);
    const store = memoryIdempotency({ runtime: this.#brokerRuntime });
    const reach = {
      transport: this.#transport,
      store,
      broker: worldOf(this.#broker),
      channels: this.#channels,
      swarm,
      bug,
      records: new Map(),
    };
    const intercept = interceptOf(bug, swarm);
    this.#fleet = new Fleet({
      world: this.world,
      history: this.history,
      faults: this.#faults,
      swarm,
      brokerRuntime: this.#brokerRuntime,
      reach: (boundary) => reachOf(reach, boundary),
      ...(intercept !== undefined ? { intercept } : {}),
      stopsEarly: bug === "handlerAfterClose",
    });
  }

  async toTheEnd(): Promise<void> {
    const { world, history } = this;
    const outside = await outsideOf(this.#transport, this.#brokerRuntime, {
      channels: this.#channels,
      world,
      history,
    });
    this.#outside = outside;
    this.#populate();
    this.#plan();
    outside.sendForeign(this.#workload.foreign);
    await this.#phase(
      "safety",
      this.#swarm.timeShare,
      () => this.world.choices >= this.#size.minChoices || this.#done(),
    );
    this.#heal();
    await this.#phase("liveness", 0, () => this.#done());
    if (this.#swarm.staleCopies > 0) {
      outside.sendStale(this.#swarm.staleCopies, this.#workload.messages);
      await this.#phase("stale", 0, () => this.#done());
    }
    if (this.#swarm.hotShare > 0) {
      this.#burst();
      await this.#phase("burst", 0, () => this.#done());
    }
    for (const member of this.#fleet.members) {
      member.wanted = false;
      this.#fleet.stop(member, 30_000);
    }
    await this.#phase("stop", 0, () => this.#allStopped());
    this.#inspect(outside);
  }

  async #phase(name: string, timeShare: number, until: () => boolean): Promise<void> {
    this.phases[name] = await this.world.run({ until, timeShare, maxChoices: this.#size.maxChoices });
  }

  #populate(): void {
    const parts = { channels: this.#channels, history: this.history, fleet: this.#fleet };
    for (let number = 1; number <= this.#size.producers; number += 1) {
      const name = `p${number}`;
      const outbox = new Outbox(this.#workload.messages.filter(({ producer }) => producer === name));
      this.#outboxes.set(name, outbox);
      this.#fleet.add(name, producerService(name, this.#channels)["~service"], (app, process) => {
        produce(parts, outbox, app, process);
      });
    }
    const worker = workerService({
      channels: this.#bug === "sessionSkips" ? withoutOrder(this.#channels) : this.#channels,
      swarm: this.#swarm,
      workload: this.#workload,
      history: this.history,
      jitter: this.#bug === "jitterOff" ? "none" : "full",
      sendsAtOnce: this.#bug === "failedHandlerSends",
    });
    for (let number = 1; number <= this.#size.consumers; number += 1)
      this.#fleet.add(`c${number}`, worker["~service"]);
  }

  /** What the swarm does to processes, when its choice has come. */
  #plan(): void {
    const { crash, stop, pause } = this.#swarm;
    const at = new Map<number, (() => void)[]>();
    const plan = (choice: number, run: () => void): void =>
      void at.set(choice, [...(at.get(choice) ?? []), run]);
    if (crash !== undefined) {
      plan(crash.fromChoice, () =>
        this.#fleet.member(crash.victim)?.process?.crashAt(crash.port, crash.when),
      );
    }
    if (stop !== undefined) {
      plan(stop.fromChoice, () => {
        const member = this.#fleet.member(stop.victim);
        if (member?.app === undefined) return;
        this.#fleet.stop(member, stop.deadlineMs, stop.twice);
        this.world.after(nature, stop.deadlineMs + stop.backAfterMs, () => {
          // It may have crashed while it stopped, and be back already.
          if (member.wanted && member.app === undefined && member.process?.alive === true)
            this.#fleet.up(member);
        });
      });
    }
    if (pause !== undefined) {
      plan(pause.fromChoice, () => this.#fleet.member(pause.victim)?.process?.pause(pause.forMs));
    }
    this.world.onChoice = (choice) => {
      for (const run of at.get(choice) ?? []) run();
    };
  }

  /** A burst on one key, and one message of another behind it. */
  #burst(): void {
    const outbox = this.#outboxes.get("p1");
    const member = this.#fleet.member("p1");
    if (outbox === undefined || member?.app === undefined || member.process === undefined) return;
    const message = (n: number, key: string, lane: number): PlannedMessage => ({
      n,
      id: `m${n}`,
      channel: "orders",
      key,
      producer: "p1",
      lane,
    });
    const burst = Array.from({ length: 6 }, (_, index) => message(burstFrom + index, "k0", 0));
    outbox.add([...burst, message(burstFrom + 100, "k7", 0)]);
    const parts = { channels: this.#channels, history: this.history, fleet: this.#fleet };
    produce(parts, outbox, member.app, member.process);
  }

  /** From now on nothing breaks. A crash that has found no boundary until now strikes at once: it waits for none later. */
  #heal(): void {
    const { crash } = this.#swarm;
    const died = this.history.all.some((each) => each.kind === "life" && each.step === "crashed");
    if (crash !== undefined && !died) this.#fleet.member(crash.victim)?.process?.crash();
    this.#faults.heal();
    this.world.onChoice = undefined;
    for (const { process } of this.#fleet.members) process?.resume();
  }

  /** Whether everything is sent, and nothing is left in the broker but dead letters. */
  #done(): boolean {
    if (!this.world.quiet || !this.#fleet.complete) return false;
    for (const outbox of this.#outboxes.values()) if (!outbox.empty) return false;
    if (this.#outside?.done === false) return false;
    const { clock, broker, groups } = worldOf(this.#broker);
    clock.catchUp();
    for (const address of ["jobs", "orders"]) {
      const { active, scheduled, deferred } = broker.queueCounts(address);
      if (active + scheduled + deferred > 0) return false;
    }
    for (const { behind } of groups.values()) if (behind > 0) return false;
    return true;
  }

  #allStopped(): boolean {
    if (!this.world.quiet) return false;
    return this.#fleet.members.every(({ app }) => app === undefined) && this.#fleet.openPromises === 0;
  }

  /** Looks into the broker. */
  #inspect(outside: Outside): void {
    outside.noteLetters();
    for (const { kind, address, active, scheduled, deferred } of this.#broker.counts()) {
      if (kind === "queue" || kind === "group")
        this.history.add({ kind: "rest", channel: address, messages: active + scheduled + deferred });
    }
  }
}

/** The broker's own time: right, and never standing still. */
function runtimeOf(world: SimWorld): Runtime {
  return {
    now: () => world.nowMs,
    elapsed: () => world.nowMs - world.startMs,
    after: (delayMs, run) => world.after(nature, delayMs, run),
    hold: () => ({ cancel: () => undefined }),
    defer: (run) => {
      world.defer(nature, run);
    },
    random: () => 0.5,
    uuid: (name) => name,
    port: (_port, _subject, _id, call) => call(),
    activity: new Activity(),
  };
}
