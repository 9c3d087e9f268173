import { WaybillError } from "../errors.js";
import type { Delivery } from "../transport/transport.js";
import { BatchWait } from "./batch-wait.js";
import { ClaimMemo } from "./claim.js";
import { messageIndex } from "./decode.js";
import { Checkpointer } from "./checkpointer.js";
import { DeliveryRun } from "./delivery-run.js";
import { Driver, type DriverHost } from "./drive.js";
import { eventFields, storeFailureOf, type Consumer } from "./environment.js";
import { Intake, type IntakeHost } from "./intake.js";
import { Lanes } from "./lanes.js";
import { LockKeeper } from "./lock-keeper.js";
import { putBack, type Settled } from "./settle.js";
import { Slots } from "./slots.js";

/** How many handlers start between two turns of the event loop, at most. */
const burst = 256;

/**
 * Reads one source and keeps up to `concurrency` handlers busy.
 *
 * It asks the receiver for as many deliveries as it can start, never more; starts them in later turns of the event
 * loop, in bursts; and gives back what it has not started when it stops.
 */
export class Pump implements IntakeHost, DriverHost {
  readonly #consumer: Consumer;
  readonly #slots: Slots;
  readonly #lanes = new Lanes();
  readonly #keeper: LockKeeper;
  readonly #intake: Intake;
  readonly #driver: Driver;
  readonly #batchWait: BatchWait | undefined;
  readonly #checkpointer: Checkpointer | undefined;
  /** Runs that handler calls have taken. */
  #working = 0;
  #turnPlanned = false;
  #refillPlanned = false;
  /** How many handlers may still start in this turn of the event loop. */
  #budget = 0;
  /** Lost before the receiver's answer came here. */
  readonly #lostEarly = new WeakMap<Delivery, WaybillError>();
  #whenDrained: (() => void)[] = [];

  constructor(consumer: Consumer) {
    const { runtime, source, spec } = consumer;
    this.#consumer = consumer;
    this.#slots = new Slots(spec.concurrency, runtime.activity, () => {
      this.#refill();
    });
    this.#keeper = new LockKeeper(consumer);
    this.#intake = new Intake(consumer, this);
    this.#driver = new Driver(
      {
        consumer,
        index: messageIndex(spec.channel.messages),
        memo: new ClaimMemo(),
        slots: this.#slots,
        keeper: this.#keeper,
      },
      this.#intake.stopping,
      this,
    );
    if (spec.batch !== undefined) this.#batchWait = new BatchWait(spec.batch, runtime, () => this.#plan());
    this.#checkpointer = source.kind === "group" ? new Checkpointer(consumer) : undefined;
  }

  get consumer(): Consumer {
    return this.#consumer;
  }

  get paused(): boolean {
    return this.#intake.paused;
  }

  get concurrency(): number {
    return this.#slots.limit;
  }

  /** Deliveries that are accepted and not ended. */
  get inFlight(): number {
    return this.#keeper.runs.size;
  }

  /** How it asks for messages, for who watches it. */
  get intake(): Intake {
    return this.#intake;
  }

  /** Why locks may have been lost since this was asked last, in a sentence. */
  takeLockTrouble(): string | undefined {
    return this.#keeper.takeTrouble();
  }

  /** What is done with and cannot be settled, though it is tried again and again: its partition stands still. */
  get unsettled(): { readonly why: string; readonly sinceMs: number } | undefined {
    for (const { unsettledSinceMs, whyLeft } of this.#keeper.runs)
      if (unsettledSinceMs !== undefined) return { why: whyLeft, sinceMs: unsettledSinceMs };
    return undefined;
  }

  /** Deliveries that are accepted and not ended. */
  openDeliveries(): ReadonlySet<Delivery> {
    return new Set([...this.#keeper.runs].map(({ delivery }) => delivery));
  }

  /** Stores the progress of a stream now. */
  async storeProgress(): Promise<void> {
    await this.#checkpointer?.flush();
  }

  start(): void {
    this.#plan();
  }

  /** Stops asking for messages, also with a request that is under way. What is accepted goes on. */
  pause(): void {
    this.#intake.pause();
  }

  resume(): void {
    this.#intake.resume();
  }

  /** The receiver knows that the lock of a delivery is lost. */
  lose(delivery: Delivery, error: WaybillError): void {
    // Before anything new of the partition can come: what is in flight of it must not be checkpointed any more.
    this.#checkpointer?.forget(delivery.lane);
    const run = [...this.#keeper.runs].find((each) => each.delivery === delivery);
    if (run === undefined) this.#lostEarly.set(delivery, error);
    else this.#keeper.lose(run, error);
  }

  /** Takes effect with the next start of a handler. */
  setConcurrency(concurrency: number): void {
    this.#slots.limit = concurrency;
  }

  /** Stops asking for messages for good, and gives back those that no handler has. */
  async stopIntake(): Promise<void> {
    this.#intake.stop();
    this.#batchWait?.cancel();
    for (const run of this.#keeper.runs) run.interruptWait?.();
    await Promise.all(this.#lanes.drain().map((run) => this.#giveBack(run)));
    // What it still brings must be given back before the receiver closes.
    await this.#intake.receiving;
  }

  /** Resolves when nothing is in flight. */
  drained(): Promise<void> {
    if (this.inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenDrained.push(resolve));
  }

  /** Tells every handler to end. */
  abort(error: WaybillError): void {
    for (const run of this.#keeper.runs) run.abort("stopping", error);
  }

  /** Stores the last progress and closes the receiver. */
  async close(): Promise<void> {
    await this.#checkpointer?.flush();
    this.#keeper.close();
    await this.#consumer.receiver.close();
  }

  /** Takes deliveries in, also those that were fetched another way than by {@link start}. */
  received(deliveries: readonly Delivery[]): void {
    const nowMs = this.#consumer.runtime.now();
    for (const delivery of deliveries) this.#accept(delivery, nowMs);
    this.#plan();
  }

  wanted(): void {
    this.#plan();
  }

  ended(run: DeliveryRun, settled: Settled): void {
    run.ended = true;
    this.#keeper.remove(run);
    if (settled === "done") this.#checkpointer?.done(run.delivery);
    if (settled === "left") this.#tellLeft(run);
    this.#consumer.runtime.activity.end(run.work);
    if (this.inFlight > 0 || this.#whenDrained.length === 0) return;
    const waiting = this.#whenDrained;
    this.#whenDrained = [];
    for (const wake of waiting) wake();
  }

  worked(runs: readonly DeliveryRun[]): void {
    this.#working -= runs.length;
    this.#lanes.done(runs[0]?.delivery.lane);
    this.#slots.give();
  }

  /** Goes on in a later turn of the event loop. */
  #plan(): void {
    if (this.#turnPlanned) return;
    this.#turnPlanned = true;
    this.#consumer.runtime.defer(() => {
      this.#turnPlanned = false;
      this.#budget = burst;
      this.#turn();
    });
  }

  /** Goes on behind the handlers that end in the same moment; a turn of the event loop for each few is dear. */
  #refill(): void {
    if (this.#budget <= 0) this.#plan();
    else if (!this.#refillPlanned) {
      this.#refillPlanned = true;
      void Promise.resolve().then(() => {
        this.#refillPlanned = false;
        this.#turn();
      });
    }
  }

  #turn(): void {
    this.#slots.grant();
    this.#intake.ask(Math.min(this.#room(), burst));
    while (this.#budget > 0 && this.#slots.tryTake()) {
      const runs = this.#next();
      if (runs === undefined) {
        this.#slots.untake();
        break;
      }
      this.#budget -= runs.length;
      this.#work(runs);
    }
    if (this.#budget <= 0) this.#plan();
  }

  /** What one handler call takes next: one run, or a batch. */
  #next(): readonly DeliveryRun[] | undefined {
    if (this.#lanes.ready === 0 || this.#intake.stopping.aborted) return undefined;
    if (this.#batchWait !== undefined)
      return this.#batchWait.next(this.#lanes, this.inFlight - this.#working);
    const run = this.#lanes.next();
    return run === undefined ? undefined : [run];
  }

  #work(runs: readonly DeliveryRun[]): void {
    this.#working += runs.length;
    for (const run of runs) this.#unpark(run);
    this.#driver.drive(runs);
  }

  /** How many more deliveries may be accepted. Runs that hold their lane do not count, up to a bound. */
  #room(): number {
    const { source, spec } = this.#consumer;
    const perSlot = spec.batch?.max ?? (source.kind === "group" ? streamWindow : 1);
    const held = this.#keeper.runs.count((run) => run.interruptWait !== undefined);
    return this.#slots.limit * perSlot - this.inFlight + Math.min(held, 256);
  }

  #accept(delivery: Delivery, nowMs: number): void {
    const { runtime, emit, putBacks } = this.#consumer;
    const work = runtime.activity.begin(() => describe(this.#consumer, delivery));
    const run = new DeliveryRun(delivery, work, putBacks?.historyOf(delivery));
    run.parked = true;
    runtime.activity.suspend(work);
    this.#keeper.add(run, nowMs);
    const lost = this.#lostEarly.get(delivery) ?? this.#expired(delivery);
    if (lost !== undefined) {
      run.whyLeft = lost.message;
      this.#keeper.lose(run, lost);
      this.ended(run, "left");
      return;
    }
    if (this.#intake.stopping.aborted) {
      void this.#giveBack(run);
      return;
    }
    emit?.({ event: "delivered", ...eventFields(this.#consumer, delivery, run.spent + 1) });
    this.#checkpointer?.accept(delivery);
    this.#lanes.push(run);
  }

  /** Its lock ended on the way here. */
  #expired({ lockedUntilMs, envelope }: Delivery): WaybillError | undefined {
    if (lockedUntilMs !== undefined || !this.#consumer.features.renew) return undefined;
    return new WaybillError("lockLost", `the lock of message ${envelope.id} ended before it came here`);
  }

  #tellLeft(run: DeliveryRun): void {
    const fields = eventFields(this.#consumer, run.delivery, Math.max(1, run.spent));
    this.#consumer.emit?.({ event: "left", why: run.whyLeft, ...storeFailureOf(run), ...fields });
  }

  async #giveBack(run: DeliveryRun): Promise<void> {
    this.#unpark(run);
    const settled = await putBack(this.#consumer, run);
    this.ended(run, settled);
  }

  #unpark(run: DeliveryRun): void {
    if (run.parked) this.#consumer.runtime.activity.resume(run.work);
    run.parked = false;
  }
}

/** How many events of a stream may be accepted per handler: those behind the head of a partition wait in its lane. */
const streamWindow = 16;

function describe(consumer: Consumer, delivery: Delivery): string {
  const { channel, as } = consumer.spec;
  const place = channel.kind === "queue" ? channel.name : `${channel.name}/${as}`;
  return `${consumer.service}: ${delivery.envelope.type} ${delivery.envelope.id} from ${place} (delivery ${String(delivery.deliveryCount)})`;
}
