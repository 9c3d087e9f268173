import { WaybillError } from "../errors.js";
import type { TimerHandle } from "../runtime/runtime.js";
import type { Delivery } from "../transport/transport.js";
import type { Attempts } from "./attempt.js";
import { ClaimMemo } from "./claim.js";
import { messageIndex } from "./decode.js";
import { Checkpointer } from "./checkpointer.js";
import { DeliveryRun } from "./delivery-run.js";
import { drive } from "./drive.js";
import { eventFields, type Consumer } from "./environment.js";
import { Lanes } from "./lanes.js";
import { LockKeeper } from "./lock-keeper.js";
import { Slots } from "./slots.js";
import { putBack, type Settled } from "./settle.js";

/** How many handlers start in one turn of the event loop, at most. */
const burst = 256;

/**
 * Reads one source and keeps up to `concurrency` handlers busy.
 *
 * It asks the receiver for as many deliveries as it can start, never more; starts them in later turns of the event
 * loop, in bursts; and gives back what it has not started when it stops.
 */
export class Pump {
  readonly #consumer: Consumer;
  readonly #attempts: Attempts;
  readonly #slots: Slots;
  readonly #lanes = new Lanes();
  readonly #keeper: LockKeeper;
  readonly #checkpointer: Checkpointer | undefined;
  readonly #stop = new AbortController();
  #polling = new AbortController();
  /** Runs that handler calls have taken. */
  #working = 0;
  #paused = false;
  #turnPlanned = false;
  #receiving: Promise<void> | undefined;
  /** Lost before the receiver's answer came here. */
  readonly #lostEarly = new WeakMap<Delivery, WaybillError>();
  #failures = 0;
  #retryTimer: TimerHandle | undefined;
  #batchTimer: TimerHandle | undefined;
  #batchDue = false;
  #whenDrained: (() => void)[] = [];

  constructor(consumer: Consumer) {
    this.#consumer = consumer;
    this.#slots = new Slots(consumer.spec.concurrency, consumer.runtime.activity, () => {
      this.#plan();
    });
    this.#attempts = {
      consumer,
      index: messageIndex(consumer.spec.channel.messages),
      memo: new ClaimMemo(),
      slots: this.#slots,
    };
    this.#keeper = new LockKeeper(consumer);
    this.#checkpointer = consumer.source.kind === "group" ? new Checkpointer(consumer) : undefined;
  }

  get consumer(): Consumer {
    return this.#consumer;
  }

  get paused(): boolean {
    return this.#paused;
  }

  get concurrency(): number {
    return this.#slots.limit;
  }

  /** Deliveries that are accepted and not ended. */
  get inFlight(): number {
    return this.#keeper.runs.size;
  }

  /** Failures to receive since the last success. */
  get receiveFailures(): number {
    return this.#failures;
  }

  start(): void {
    this.#plan();
  }

  /** Stops asking for messages, also with a request that is under way. What is accepted goes on. */
  pause(): void {
    this.#paused = true;
    this.#polling.abort();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#polling = new AbortController();
    this.#plan();
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
    this.#stop.abort();
    this.#polling.abort();
    this.#retryTimer?.cancel();
    this.#batchTimer?.cancel();
    for (const run of this.#keeper.runs) run.interruptWait?.();
    await Promise.all(this.#lanes.drain().map((run) => this.#giveBack(run)));
    // What it still brings must be given back before the receiver closes.
    await this.#receiving;
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

  /** Hands over deliveries that were fetched another way than by {@link start}. */
  accept(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) this.#accept(delivery);
    this.#plan();
  }

  get #stopping(): boolean {
    return this.#stop.signal.aborted;
  }

  #plan(): void {
    if (this.#turnPlanned) return;
    this.#turnPlanned = true;
    this.#consumer.runtime.defer(() => {
      this.#turnPlanned = false;
      this.#turn();
    });
  }

  #turn(): void {
    this.#slots.grant();
    this.#receive();
    let budget = burst;
    while (budget > 0 && this.#slots.tryTake()) {
      const runs = this.#next();
      if (runs === undefined) {
        this.#slots.untake();
        break;
      }
      budget -= runs.length;
      this.#work(runs);
    }
    if (budget <= 0) this.#plan();
  }

  /** What one handler call takes next: one run, or a batch that is full or has waited long enough. */
  #next(): readonly DeliveryRun[] | undefined {
    const { batch } = this.#consumer.spec;
    if (this.#lanes.ready === 0 || this.#stopping) return undefined;
    if (batch === undefined) {
      const run = this.#lanes.next();
      return run === undefined ? undefined : [run];
    }
    if (this.#keeper.runs.size - this.#working < batch.max && !this.#batchDue) {
      this.#batchTimer ??= this.#consumer.runtime.after(batch.maxWaitMs, () => {
        this.#batchTimer = undefined;
        this.#batchDue = true;
        this.#plan();
      });
      return undefined;
    }
    const first = this.#lanes.next();
    if (first === undefined) return undefined;
    this.#batchTimer?.cancel();
    this.#batchTimer = undefined;
    this.#batchDue = this.#batchDue && this.#lanes.ready > 0;
    return [first, ...this.#lanes.join(first, batch.max)];
  }

  #receive(): void {
    if (this.#receiving !== undefined || this.#paused || this.#stopping || this.#retryTimer !== undefined)
      return;
    const room = this.#room();
    if (room <= 0) return;
    const { receiver, runtime, source } = this.#consumer;
    try {
      const got = runtime.port("receive", source.address, this.#consumer.spec.as, () =>
        receiver.receive(Math.min(room, burst), this.#polling.signal),
      );
      if (!(got instanceof Promise)) {
        this.#received(got);
        return;
      }
      this.#receiving = got.then(
        (deliveries) => {
          this.#receiving = undefined;
          this.#received(deliveries);
        },
        (error: unknown) => {
          this.#receiving = undefined;
          this.#receiveFailed(error);
        },
      );
    } catch (error) {
      this.#receiveFailed(error);
    }
  }

  /** How many more deliveries may be accepted. Runs that hold their lane do not count, up to a bound. */
  #room(): number {
    const { batch } = this.#consumer.spec;
    const perSlot = batch?.max ?? (this.#consumer.source.kind === "group" ? streamWindow : 1);
    let held = 0;
    for (const run of this.#keeper.runs) if (run.interruptWait !== undefined) held += 1;
    return this.#slots.limit * perSlot - this.#keeper.runs.size + Math.min(held, 256);
  }

  #received(deliveries: readonly Delivery[]): void {
    this.#failures = 0;
    if (deliveries.length === 0) return;
    for (const delivery of deliveries) this.#accept(delivery);
    this.#plan();
  }

  #receiveFailed(error: unknown): void {
    if (this.#stopping) return;
    const { runtime, spec, service, emit } = this.#consumer;
    this.#failures += 1;
    const retryInMs =
      Math.min(30_000, 500 * 2 ** Math.min(this.#failures, 6)) * (0.5 + runtime.random("receive") / 2);
    const failure =
      error instanceof Error
        ? error
        : new WaybillError("transportFailed", "the transport's receiver failed", { cause: error });
    const place = { service, channel: spec.channel.name, kind: spec.channel.kind, as: spec.as };
    emit?.({ event: "receiveFailed", error: failure, retryInMs, ...place });
    this.#retryTimer = runtime.after(retryInMs, () => {
      this.#retryTimer = undefined;
      this.#plan();
    });
  }

  #accept(delivery: Delivery): void {
    const { runtime, spec, emit } = this.#consumer;
    const run = new DeliveryRun(
      delivery,
      runtime.activity.begin(() => describe(this.#consumer, delivery)),
    );
    run.unpark = runtime.activity.park(run.work);
    this.#keeper.add(run);
    const lost = this.#lostEarly.get(delivery) ?? this.#expired(delivery);
    if (lost !== undefined) {
      run.whyLeft = lost.message;
      this.#keeper.lose(run, lost);
      this.#ended(run, "left");
      return;
    }
    if (this.#stopping) {
      void this.#giveBack(run);
      return;
    }
    emit?.({ event: "delivered", ...eventFields(this.#consumer, delivery, run.spent + 1) });
    this.#checkpointer?.accept(delivery);
    this.#lanes.push(run);
    if (spec.batch !== undefined) this.#plan();
  }

  #work(runs: readonly DeliveryRun[]): void {
    this.#working += runs.length;
    for (const run of runs) run.unpark?.();
    const worked = (): void => {
      this.#working -= runs.length;
      this.#lanes.done(runs[0]?.delivery.lane);
      this.#slots.give();
    };
    void drive(this.#attempts, this.#keeper, runs, this.#stop.signal, this.#ended).then(worked);
  }

  readonly #ended = (run: DeliveryRun, settled: Settled): void => {
    run.ended = true;
    this.#keeper.remove(run);
    if (settled === "done") this.#checkpointer?.done(run.delivery);
    if (settled === "left") this.#tellLeft(run);
    this.#consumer.runtime.activity.end(run.work);
    if (this.inFlight > 0) return;
    const waiting = this.#whenDrained;
    this.#whenDrained = [];
    for (const wake of waiting) wake();
  };

  /** Its lock ended on the way here. */
  #expired({ lockedUntilMs, envelope }: Delivery): WaybillError | undefined {
    if (lockedUntilMs !== undefined || !this.#consumer.features.renew) return undefined;
    return new WaybillError("lockLost", `the lock of message ${envelope.id} ended before it came here`);
  }

  #tellLeft(run: DeliveryRun): void {
    const fields = eventFields(this.#consumer, run.delivery, Math.max(1, run.spent));
    this.#consumer.emit?.({ event: "left", why: run.whyLeft, ...fields });
  }

  async #giveBack(run: DeliveryRun): Promise<void> {
    run.unpark?.();
    const settled = await putBack(this.#consumer, run);
    this.#ended(run, settled);
  }
}

/** How many events of a stream may be accepted per handler: those behind the head of a partition wait in its lane. */
const streamWindow = 16;

function describe(consumer: Consumer, delivery: Delivery): string {
  const { channel, as } = consumer.spec;
  const place = channel.kind === "queue" ? channel.name : `${channel.name}/${as}`;
  return `${consumer.service}: ${delivery.envelope.type} ${delivery.envelope.id} from ${place} (delivery ${String(delivery.deliveryCount)})`;
}
