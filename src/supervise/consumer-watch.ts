import { isWaybillError, WaybillError } from "../errors.js";
import type { Pump } from "../consume/pump.js";
import { isoTime } from "../runtime/iso-time.js";
import type { BacklogEvidence } from "../transport/transport.js";
import { EvidenceLog, type Evidence } from "./evidence-log.js";
import type { ClientCare } from "./client-care.js";
import { climb, ground, type Finding, type Step } from "./ladder.js";
import { Replacement } from "./replacement.js";
import type { SupervisedReceiver } from "./supervised-receiver.js";
import type { SupervisionTimes } from "./times.js";
import { evidenceOf, notSettled, receivingFailed } from "./troubles.js";

/** What a watch stands on. */
export interface ConsumerWatchParts {
  readonly pump: Pump;
  readonly receiver: SupervisedReceiver;
  readonly care: ClientCare;
  readonly times: SupervisionTimes;
}

/** How a consumer is, beside being paused. */
export type Condition = "reading" | "failing" | "unauthorized" | "stalled" | "poisoned";

/**
 * Watches one consumer. When it has room, has asked and gets nothing for a while, it looks whether something waits; and if
 * so again and again, or if the service does not answer, it makes the link anew, then the client, then says that nothing is
 * left to try.
 */
export class ConsumerWatch {
  readonly log: EvidenceLog;
  readonly #parts: ConsumerWatchParts;
  readonly #replacement: Replacement;
  #rung = ground;
  /** Since when it is not given what waits, by the monotonic clock. */
  #stalledSinceMs: number | undefined;
  /** What was seen to wait at the last look. */
  #seen: string | undefined;
  #lookedMs = -Infinity;
  #busy = false;
  #condition: "reading" | "stalled" | "poisoned" = "reading";
  #changedMs: number;

  constructor(parts: ConsumerWatchParts) {
    this.#parts = parts;
    this.#replacement = new Replacement(parts);
    const { runtime } = parts.pump.consumer;
    this.log = new EvidenceLog(() => runtime.now());
    this.#changedMs = runtime.now();
  }

  get pump(): Pump {
    return this.#parts.pump;
  }

  get condition(): Condition {
    if (this.#condition !== "reading") return this.#condition;
    const { failures, failure } = this.pump.intake;
    if (failures === 0) return this.pump.unsettled === undefined ? "reading" : "failing";
    return isWaybillError(failure) && failure.class === "auth" ? "unauthorized" : "failing";
  }

  /** Nothing that this process can do brings it on. */
  get exhausted(): boolean {
    return this.#rung.exhausted;
  }

  /** When its condition became what it is; wall clock. */
  get changedMs(): number {
    return Math.max(this.#changedMs, this.pump.intake.changedMs, this.pump.unsettled?.sinceMs ?? 0);
  }

  /** What was seen last that is not as it should be, oldest first. */
  get evidence(): readonly Evidence[] {
    return evidenceOf(this.pump, this.log.all);
  }

  /** Looks after the consumer. Answers in how many milliseconds to do so again. */
  tick(): number {
    const { receiver, times } = this.#parts;
    if (receiver.hasRetired) receiver.prune(this.pump.openDeliveries());
    const { intake } = this.pump;
    const lockTrouble = this.pump.takeLockTrouble();
    if (lockTrouble !== undefined) this.log.note(lockTrouble);
    if (this.pump.unsettled !== undefined) this.log.note(notSettled(this.pump.unsettled.why));
    if (this.#busy || intake.paused) return times.lookMs;
    const { waitingMs } = intake;
    if (waitingMs === undefined && intake.failures > 0) this.#failing();
    const poisoned = this.#condition === "poisoned";
    if (waitingMs === undefined && !poisoned) {
      this.#seen = undefined;
      return times.lookMs;
    }
    const sinceLookMs = this.#nowMs - this.#lookedMs;
    const quietMs = poisoned ? sinceLookMs : Math.min(waitingMs ?? 0, sinceLookMs);
    if (quietMs < times.lookMs) return times.lookMs - quietMs;
    this.#look();
    return times.lookMs;
  }

  get #isOver(): boolean {
    return this.pump.intake.stopping.aborted;
  }

  get #nowMs(): number {
    return this.pump.consumer.runtime.elapsed();
  }

  #look(): void {
    this.#lookedMs = this.#nowMs;
    const { receiver } = this.#parts;
    if (!receiver.canLook) {
      // It waits for so long without an error: then it can.
      this.pump.intake.clearFailures();
      return;
    }
    try {
      const seen = receiver.backlog();
      if (seen instanceof Promise) void this.#await(seen);
      else this.#judge(seen);
    } catch (error) {
      this.#unseen(error);
    }
  }

  async #await(looking: Promise<BacklogEvidence | undefined>): Promise<void> {
    this.#busy = true;
    try {
      const seen = await this.#answered(looking);
      this.#busy = false;
      this.#judge(seen);
    } catch (error) {
      this.#busy = false;
      this.#unseen(error);
    }
  }

  /** @throws {WaybillError} `timeout` */
  #answered<T>(looking: Promise<T>): Promise<T> {
    const { answerMs } = this.#parts.times;
    return new Promise((resolve, reject) => {
      const timer = this.pump.consumer.runtime.after(answerMs, () => {
        reject(new WaybillError("timeout", `the service has not answered for ${String(answerMs)} ms`));
      });
      looking.finally(() => timer.cancel()).then(resolve, reject);
    });
  }

  #judge(seen: BacklogEvidence | undefined): void {
    if (this.#isOver) return;
    if (seen?.unreadable === true) {
      this.#poisoned(`message ${seen.id} cannot be decoded by the service's client`);
      return;
    }
    if (seen === undefined || this.#condition === "poisoned") this.#over();
    const again = seen !== undefined && (this.#seen === seen.id || this.#isOld(seen));
    this.#seen = seen?.id;
    if (seen === undefined) this.pump.intake.clearFailures();
    else if (again && this.pump.intake.waitingMs !== undefined) {
      this.#climb({ kind: "waits", sure: !seen.mayBeLocked }, waits(seen));
    }
  }

  #unseen(error: unknown): void {
    if (this.#isOver || (isWaybillError(error) && error.code === "unsupported")) return;
    const text = `a look whether messages wait failed: ${textOf(error)}`;
    if (isWaybillError(error) && (error.class === "auth" || error.class === "config")) this.log.note(text);
    // Where the connection breaks again and again a look is lost now and then.
    else if (this.#condition === "poisoned") this.#renewPoisoned(text);
    else this.#climb({ kind: "silent" }, text);
  }

  /** Not with an entity that is away or disabled: no client helps there. */
  #failing(): void {
    const { failures, failure } = this.pump.intake;
    const text = receivingFailed(this.pump.intake);
    if (failures < failuresInVain || (isWaybillError(failure) && failure.class === "config"))
      this.log.note(text);
    else this.#climb({ kind: "failing" }, text);
  }

  #isOld({ enqueuedAtMs }: BacklogEvidence): boolean {
    if (enqueuedAtMs === undefined) return false;
    return this.pump.consumer.runtime.now() - enqueuedAtMs >= oldFactor * this.#parts.times.stallMs;
  }

  #climb(finding: Finding, text: string): void {
    const { times } = this.#parts;
    const { runtime } = this.pump.consumer;
    const evidence = this.log.note(text);
    const { at, step } = climb(this.#rung, finding, this.#nowMs, () => runtime.random("recycle"), times);
    this.#rung = at;
    if (step === "none") return;
    this.#stalledSinceMs ??= this.#nowMs;
    const stalled = finding.kind === "silent" || (finding.kind === "waits" && finding.sure);
    if (stalled && (this.#condition !== "stalled" || step === "exhausted")) {
      this.#become("stalled");
      this.#emit({ event: "stalled", evidence, final: step === "exhausted" });
    }
    this.#renew(step, evidence);
  }

  #renew(step: Exclude<Step, "none">, evidence: string): void {
    const what = this.#condition === "poisoned" ? "apart" : step === "exhausted" ? "client" : step;
    this.#busy = true;
    this.#seen = undefined;
    this.pump.intake.whenTaken(() => {
      if (this.#condition === "poisoned") this.#rung = ground;
      else this.#over();
    });
    this.#replacement
      .make(what)
      .then(
        () => this.#emit({ event: "recycled", what, evidence }),
        (error: unknown) => this.log.note(`its ${what} could not be made anew: ${textOf(error)}`),
      )
      .finally(() => {
        this.#busy = false;
      });
  }

  /** Gets a client of its own, so that others are not cut with it, and one message at a time, so that none dies with it. */
  #poisoned(text: string): void {
    if (this.#condition === "poisoned") {
      this.#renewPoisoned(text);
      return;
    }
    const evidence = this.log.note(text);
    this.#become("poisoned");
    this.#stalledSinceMs ??= this.#nowMs;
    this.pump.intake.limit(1);
    this.#emit({ event: "stalled", evidence, final: false });
    this.#renew("link", evidence);
  }

  /** Alone in its queue the message waits for ever: that nothing else comes proves little. */
  #renewPoisoned(text: string): void {
    const { waitingMs = 0 } = this.pump.intake;
    if (waitingMs >= oldFactor * this.#parts.times.stallMs) this.#climb({ kind: "waits", sure: false }, text);
  }

  /** It gets messages, or none wait. */
  #over(): void {
    const sinceMs = this.#stalledSinceMs;
    this.#rung = ground;
    this.#stalledSinceMs = undefined;
    if (sinceMs === undefined) return;
    this.pump.intake.limit(Infinity);
    if (this.#condition !== "reading") this.#become("reading");
    this.#emit({ event: "recovered", afterMs: this.#nowMs - sinceMs });
  }

  #become(condition: "reading" | "stalled" | "poisoned"): void {
    this.#condition = condition;
    this.#changedMs = this.pump.consumer.runtime.now();
  }

  #emit(told: Told): void {
    const { emit, service, spec } = this.pump.consumer;
    emit?.({ ...told, service, channel: spec.channel.name, kind: spec.channel.kind, as: spec.as });
  }
}

/** What a watch tells of its consumer. */
type Told =
  | { readonly event: "stalled"; readonly evidence: string; readonly final: boolean }
  | { readonly event: "recycled"; readonly what: "link" | "client" | "apart"; readonly evidence: string }
  | { readonly event: "recovered"; readonly afterMs: number };

/** Receives that fail in a row, after which a new client is tried. */
const failuresInVain = 3;

/** A message is old when it has waited for so many times `stallAfter`, by the service's clock, which may be off a little. */
const oldFactor = 2;

function waits({ id, enqueuedAtMs, mayBeLocked }: BacklogEvidence): string {
  const since = enqueuedAtMs === undefined ? "" : ` since ${isoTime(enqueuedAtMs)}`;
  const perhaps = mayBeLocked ? ", unless another consumer has it" : "";
  return `message ${id} waits${since} and does not come${perhaps}`;
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
