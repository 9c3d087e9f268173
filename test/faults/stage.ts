import { isWaybillError, type App } from "waybill";
import { memoryIdempotency } from "waybill/memory";
import type { Runtime } from "waybill/store";
import type { DeadLetterDelivery, Transport } from "waybill/transport";
import type { AppEvent } from "../../src/policy/app-event.js";
import { start } from "../../src/start.js";
import { workerName, type Job } from "./contracts.js";
import { Ledger } from "./ledger.js";
import { GivenUp, sendJob, sendJobs, shopOf, workerOf, type ChannelKey, type Handler } from "./lines.js";
import type { Outcome } from "./row.js";
import { Silence } from "./silence.js";
import { pause, until } from "./until.js";
import { unwhole } from "./whole-letters.js";

/** What a handler does before its effect. */
export type Work = (job: Job, context: WorkContext) => Promise<void>;

export interface WorkContext {
  readonly signal: AbortSignal;
  /** Waits for so many times as long as a lock lasts. */
  readonly locks: (count: number) => Promise<void>;
}

/** What a stage is made of: a service with one channel, and how to look into it. */
export interface Place {
  readonly channel: ChannelKey;
  readonly runtime: Runtime;
  /** Of one application. */
  readonly transport: () => Transport;
  readonly address?: string;
  /** How long a lock lasts, by the clock of the runtime, in milliseconds. */
  readonly lockMs: number;
  /** How long the worker may be given nothing although messages wait, before it says so; by the clock of the runtime. */
  readonly stallMs: number;
  /** The longest that one operation takes, by the clock of the runtime, in milliseconds. */
  readonly operationMs: number;
  /** Nothing is left to be done, nor being done. */
  readonly quiet: () => Promise<boolean>;
  /** Ids of what was given up. */
  readonly deadLetters: () => Promise<readonly string[]>;
  /** The same, with all that is known of it: as many as the service shows. */
  readonly letters?: () => Promise<readonly DeadLetterDelivery[]>;
  /** What does not hold of the service at the end, in sentences. */
  readonly problems?: (ledger: Ledger) => Promise<readonly string[]>;
  /** Ends every fault. */
  readonly heal: () => void | Promise<void>;
  readonly close: () => Promise<void>;
}

export interface StageOptions {
  /** The invariants that are checked. Only I9, I11 and I16 are not always. */
  readonly holds?: readonly string[];
  readonly work?: Work;
  /** What is given up, and shall be a dead letter. */
  readonly gaveUp?: (job: Job) => boolean;
  /** Dead letters that nobody of the stage sent. Default 0. */
  readonly strangers?: number;
  readonly concurrency?: number;
  /** Milliseconds of the machine's time between two messages of a sender. Default 50. */
  readonly paceMs?: number;
}

/** The whole stack on one service: a shop that sends, a worker that handles, each an application with its own client. */
export class Stage {
  readonly place: Place;
  readonly ledger = new Ledger();
  readonly events: AppEvent[] = [];
  readonly #options: StageOptions;
  readonly #keys = ["a", "b", "c"];
  readonly #counts = new Map<string, number>();
  readonly #expected = new Set<string>();
  readonly problems: string[] = [];
  /** Why sends failed, in order. */
  readonly refusals: unknown[] = [];
  #shop: App | undefined;
  #worker: App | undefined;
  #flowing: Promise<unknown> | undefined;
  #flows = false;
  #silence: Silence | undefined;
  /** Whether the worker must say that it gets nothing although, as far as the stage knows, nothing waits. */
  #mustSay = false;

  constructor(place: Place, options: StageOptions = {}) {
    this.place = place;
    this.#options = options;
  }

  get worker(): App {
    if (this.#worker === undefined) throw new Error("there is no worker yet");
    return this.#worker;
  }

  /** How long the worker may get nothing and say nothing although something waits: three looks, as times.ts counts them. */
  get silenceMs(): number {
    return 1.5 * this.place.stallMs + graceMs;
  }

  async open(): Promise<void> {
    const { channel, runtime, transport, address } = this.place;
    const { stallMs } = this.place;
    const silence = new Silence({
      service: workerName,
      elapsed: () => runtime.elapsed(),
      limitMs: this.silenceMs,
    });
    const shared = {
      ...(address === undefined ? {} : { address: () => address }),
      supervision: { stallAfter: `${stallMs}ms` } as const,
      on: (event: AppEvent) => {
        this.events.push(event);
        silence.hear(event);
      },
    };
    this.#shop = await start(shopOf(channel), { ...shared, transport: transport() }, runtime);
    this.#worker = await start(
      workerOf(channel, this.#handler(), this.#options.concurrency ?? 5),
      { ...shared, transport: transport(), idempotency: memoryIdempotency({ runtime }) },
      runtime,
    );
    if (this.#holds("I11")) this.#listen(silence);
  }

  /** While the worker can get nothing: waits until it says so, or is silent for longer than it may be (I11). */
  async heard(): Promise<void> {
    const silence = this.#silence;
    if (silence === undefined) throw new Error("a row that waits for a word must hold I11");
    this.#mustSay = true;
    await until("the worker to say that it gets nothing", () => silence.hasSaid || silence.isTooLong);
    this.#mustSay = false;
  }

  /** Messages that end as dead letters, and shall. */
  expectDeadLetter(id: string): void {
    this.#expected.add(id);
  }

  /** Sends `count` messages of each key, one after the other, and returns when the service has taken them. */
  async send(count = 1): Promise<void> {
    await Promise.all(
      this.#keys.map(async (key) => {
        for (let sent = 0; sent < count; sent += 1) await this.#sendOne(key);
      }),
    );
  }

  /** Sends `count` messages of each key in one call, with so much text, and again those that were not taken. */
  async burst(count: number, text: string): Promise<void> {
    let left = this.#keys.flatMap((key) =>
      Array.from({ length: count }, () => ({ ...this.#next(key), text })),
    );
    for (let attempt = 0; attempt < maxAttempts && left.length > 0; attempt += 1) {
      const outcomes = await sendJobs(this.#sender(), this.place.channel, left, idOf);
      const taken = left.filter((_, at) => outcomes[at]?.ok === true);
      for (const job of taken) this.ledger.accept(idOf(job), job);
      left = left.filter((_, at) => outcomes[at]?.ok !== true);
      this.ledger.resent += left.length;
    }
    this.problems.push(...left.map((job) => `${idOf(job)} could not be sent`));
  }

  /** Sends from now on, until the row ends. */
  flow(): void {
    this.#flows = true;
    this.#flowing = Promise.all(
      this.#keys.map(async (key) => {
        while (this.#flows) {
          // What nobody handles at the moment need not grow without end.
          if (this.ledger.accepted - this.ledger.effects < mostAhead) await this.#sendOne(key);
          await pause(this.#options.paceMs ?? 50);
        }
      }),
    );
  }

  /** Waits until so many further effects have happened. */
  async progress(count = 3): Promise<void> {
    const before = this.ledger.effects;
    await until("progress", () => this.ledger.effects >= before + count);
  }

  count(event: AppEvent["event"]): number {
    return this.events.filter((each) => each.event === event).length;
  }

  /** Heals, lets everything come to its end, stops, and says what came of it. */
  async finish(struck: number): Promise<Outcome> {
    const { place, ledger } = this;
    await place.heal();
    this.#flows = false;
    const silentMs = this.#silence?.look() ?? 0;
    const limitMs = this.#silence?.limitMs ?? 0;
    this.#silence = undefined;
    if (silentMs > limitMs)
      this.problems.push(`I11: the worker got nothing and said nothing for ${silentMs.toFixed(0)} ms`);
    await this.#flowing;
    await this.#ended();
    if (this.#holds("I16")) this.problems.push(...(await this.#unwhole()));
    const deadLetters = await place.deadLetters();
    await this.stop();
    const dead = new Set(deadLetters);
    const problems = [
      ...this.problems,
      ...((await place.problems?.(ledger)) ?? []),
      ...this.#broken(deadLetters),
    ];
    return {
      struck,
      accepted: ledger.accepted,
      effects: ledger.effects,
      lost: ledger.lost(dead),
      problems: struck === 0 ? ["the fault never struck", ...problems] : problems,
    };
  }

  async close(): Promise<void> {
    this.#flows = false;
    this.#silence = undefined;
    await Promise.allSettled([this.#worker?.stop({ deadline: "1s" }), this.#shop?.stop({ deadline: "1s" })]);
    await this.place.close();
  }

  /** Stops the applications, and notes if that took longer than it may (I12). */
  async stop(): Promise<void> {
    const { runtime } = this.place;
    for (const [name, app] of Object.entries({ worker: this.#worker, shop: this.#shop })) {
      const beganMs = runtime.elapsed();
      await app?.stop({ deadline: `${stopMs}ms` });
      const tookMs = runtime.elapsed() - beganMs;
      if (tookMs > stopMs + graceMs)
        this.problems.push(`I12: the ${name} took ${tookMs.toFixed(0)} ms to stop, of ${String(stopMs)}`);
    }
  }

  async #ended(): Promise<void> {
    const { ledger, place } = this;
    const unfinished = (dead: readonly string[]): readonly string[] => ledger.lost(new Set(dead));
    try {
      await until("the end of all work", async () => {
        if (ledger.lost(this.#expected).length > 0) return false;
        return place.quiet();
      });
    } catch (error) {
      const left = unfinished(await place.deadLetters().catch(() => []));
      this.problems.push(`${String(error)}; left: ${left.slice(0, 5).join(", ")}`);
    }
  }

  /** Looks, until the row ends, whether something waits that the worker neither gets nor speaks of. */
  #listen(silence: Silence): void {
    this.#silence = silence;
    silence.rest();
    const { runtime } = this.place;
    const look = (): void => {
      if (this.#silence === undefined) return;
      if (!this.#mustSay && this.ledger.lost(this.#expected).length === 0) silence.rest();
      silence.look();
      runtime.after(lookMs, look);
    };
    look();
  }

  #holds(invariant: string): boolean {
    return this.#options.holds?.includes(invariant) === true;
  }

  async #unwhole(): Promise<readonly string[]> {
    const letters = (await this.place.letters?.()) ?? [];
    return letters.length === 0 ? ["I16: there is no dead letter to look at"] : unwhole(letters, this.ledger);
  }

  /** Waits that the service asked for and that were not kept (I9). */
  #hasty(): readonly string[] {
    return this.events.flatMap((event) => {
      if (event.event !== "receiveFailed" || !isWaybillError(event.error)) return [];
      const { retryAfterMs = 0 } = event.error;
      return event.retryInMs < Math.min(retryAfterMs, longestHintMs)
        ? [`I9: a receive is repeated after ${String(event.retryInMs)} ms, not ${String(retryAfterMs)}`]
        : [];
    });
  }

  #broken(deadLetters: readonly string[]): readonly string[] {
    const { ledger, place } = this;
    const bound = place.operationMs + graceMs;
    const strangers = deadLetters.filter((id) => !this.#expected.has(id));
    return [
      ...ledger.repeated().map((id) => `I2: the effect of ${id} was repeated without a warning`),
      ...(place.channel === "sessions" || place.channel === "sales"
        ? ledger.disordered().map((id) => `I6: ${id} was done before an earlier one of its key`)
        : []),
      ...(this.#holds("I9") ? this.#hasty() : []),
      ...strangers
        .slice(this.#options.strangers ?? 0)
        .map((id) => `a dead letter that should be none: ${id}`),
      ...(ledger.longestSendMs > bound
        ? [
            `I12: a send was answered after ${ledger.longestSendMs.toFixed(0)} ms, of ${String(place.operationMs)}`,
          ]
        : []),
    ];
  }

  async #sendOne(key: string): Promise<void> {
    const job = this.#next(key);
    const id = idOf(job);
    const { runtime } = this.place;
    // What nobody knows the end of is sent again under its id, as guarantees.md says.
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const beganMs = runtime.elapsed();
      try {
        await sendJob(this.#sender(), this.place.channel, job, id);
        this.ledger.accept(id, job);
        return;
      } catch (error) {
        this.ledger.resent += 1;
        this.refusals.push(error);
        await pause(50);
      } finally {
        this.ledger.longestSendMs = Math.max(this.ledger.longestSendMs, runtime.elapsed() - beganMs);
      }
    }
    this.problems.push(`${id} could not be sent`);
  }

  #locks(count: number): Promise<void> {
    const { runtime, lockMs } = this.place;
    return new Promise((resolve) => void runtime.after(count * lockMs, resolve));
  }

  #next(key: string): Job {
    const n = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, n);
    return { n, key };
  }

  #sender(): App {
    if (this.#shop === undefined) throw new Error("there is no shop yet");
    return this.#shop;
  }

  #handler(): Handler {
    const { work, gaveUp } = this.#options;
    return async ({ id, data }, { signal, idempotency }) => {
      await work?.(data, { signal, locks: (count) => this.#locks(count) });
      if (gaveUp?.(data) === true) {
        this.expectDeadLetter(id);
        throw new GivenUp("it is given up");
      }
      this.ledger.effect({ id, key: data.key, n: data.n, recovered: idempotency.recovered });
    };
  }
}

/** What a stop may take, by the clock of the runtime, in milliseconds, and what it may be late (I12). */
const stopMs = 20_000;
const graceMs = 2_500;

/** A longer wait that is asked for is cut. */
const longestHintMs = 15 * 60_000;

/** Between two looks at the silence of the worker. */
const lookMs = 100;

const idOf = ({ key, n }: Job): string => `${key}-${String(n)}`;

/** What cannot be sent in so many attempts will not be. */
const maxAttempts = 200;

/** Messages that senders are ahead of handlers. */
const mostAhead = 60;
