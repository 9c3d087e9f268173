import { memoryIdempotency } from "waybill/memory";
import { Child } from "./child-process.js";
import { AdvancedClock, until } from "./clock.js";
import { Ledger, type Accepted, type Services, type Verdict } from "./ledger.js";
import type { Point, TransportName } from "./points.js";
import { randomOf } from "./random.js";
import { openShop, type Shop } from "./shop.js";
import { openWorld } from "./world/open-world.js";
import type { ChannelName, World } from "./world/world.js";

/** What is to be done at one point. */
export interface PointRun {
  readonly transport: TransportName;
  readonly point: Point;
  readonly kills: number;
  readonly seed: number;
  /** The bundled program of the children. */
  readonly program: string;
  /** Default true. */
  readonly idempotent?: boolean;
  /** Default false. */
  readonly settlesFirst?: boolean;
}

/** What came of it. */
export interface PointResult extends Verdict {
  readonly transport: TransportName;
  readonly point: string;
  readonly kills: number;
  /** Lives in which the process did its work and never came to the point. */
  readonly missed: number;
}

/** Locks last a minute or less, leases a minute. */
const aheadMs = 125_000;

/** A bound on hanging, not an expectation. */
const patienceMs = 30_000;

/**
 * Kills one process after the other at one point, each with new work in its hands; the next one ends what the last one
 * left. The last one lives.
 *
 * @throws {Error} when a process ends in another way than it should, or work is left that nobody does
 */
export async function runPoint(run: PointRun): Promise<PointResult> {
  const world = await openWorld(run.transport);
  const ledger = new Ledger();
  const clock = new AdvancedClock();
  const { checkpoints, park } = world;
  const idempotency = memoryIdempotency({ runtime: clock.runtime });
  const services: Services = { ledger, checkpoints, park, idempotency };
  const shop = await openShop(run.transport, world.transport, ledger);
  try {
    const lives = new Lives(run, world, shop, clock, services);
    const { kills, missed } = await lives.all();
    for (const channel of ["bills", "mails"] as const) await settled(world, channel);
    const verdict = ledger.verdict(new Set(await world.deadLetters()));
    return { transport: run.transport, point: run.point.name, kills, missed, ...verdict };
  } finally {
    await shop.close();
    await world.close();
  }
}

class Lives {
  readonly #run: PointRun;
  readonly #world: World;
  readonly #shop: Shop;
  readonly #clock: AdvancedClock;
  readonly #services: Services;
  readonly #random: () => number;
  #sent = 0;

  constructor(run: PointRun, world: World, shop: Shop, clock: AdvancedClock, services: Services) {
    this.#run = run;
    this.#world = world;
    this.#shop = shop;
    this.#clock = clock;
    this.#services = services;
    this.#random = randomOf(run.seed);
  }

  async all(): Promise<{ readonly kills: number; readonly missed: number }> {
    let kills = 0;
    for (let life = 0; life < this.#run.kills; life += 1) if (await this.#dies()) kills += 1;
    const last = this.#start(undefined);
    try {
      await last.ready;
      await settled(this.#world, "orders", last);
      await last.stop();
    } finally {
      await last.destroy();
    }
    return { kills, missed: this.#run.kills - kills };
  }

  /** One life, in which the work of the one before is done first. Answers whether it ended at the point. */
  async #dies(): Promise<boolean> {
    const { messages, victim } = this.#work();
    const child = this.#start(victim);
    try {
      await child.ready;
      await settled(this.#world, "orders", child);
      await this.#shop.send(messages);
      const isDead = (): boolean => child.end !== undefined;
      // When nothing is left to do it has passed the point, or is about to die of it.
      await until(async () => isDead() || (await this.#world.quiet("orders")), patienceMs);
      const died = await until(isDead, graceMs);
      if (!died) return false;
      this.#check(await child.ended);
    } finally {
      await child.destroy();
      this.#clock.advance(aheadMs);
      await this.#world.advance(aheadMs);
    }
    return true;
  }

  #start(victim: string | undefined): Child {
    const { program, transport, point, idempotent = true, settlesFirst = false } = this.#run;
    const { connectionString } = this.#world;
    const death = victim === undefined ? {} : { death: { point: point.name, victim } };
    return new Child(
      program,
      { transport, connectionString, idempotent, settlesFirst, ...death },
      this.#services,
    );
  }

  /** The message to die of, among up to two that are only there. */
  #work(): { readonly messages: readonly Accepted[]; readonly victim: string } {
    const count = 1 + Math.floor(this.#random() * 3);
    const at = Math.floor(this.#random() * count);
    const messages = Array.from({ length: count }, (_, index): Accepted => {
      this.#sent += 1;
      const id = `order-${String(this.#sent).padStart(5, "0")}`;
      return { id, n: this.#sent, does: index === at ? this.#run.point.does : "work" };
    });
    return { messages, victim: messages[at]?.id ?? "" };
  }

  #check({ code, signal, said }: NonNullable<Child["end"]>): void {
    if (signal === "SIGKILL" && said.includes(`dies ${this.#run.point.name}\n`)) return;
    throw new Error(
      `a process that was to die of "${this.#run.point.name}" ended with ${String(signal ?? code)}: ${said}`,
    );
  }
}

const graceMs = 5_000;

/** @throws {Error} when work is left that nobody does */
async function settled(world: World, channel: ChannelName, by?: Child): Promise<void> {
  const dead = (): boolean => by?.end !== undefined;
  if ((await until(async () => dead() || (await world.quiet(channel)), patienceMs)) && !dead()) return;
  throw new Error(`what is left in "${channel}" is handled by nobody: ${by?.said ?? ""}`);
}
