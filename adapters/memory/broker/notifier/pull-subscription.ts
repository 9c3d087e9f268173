import { BrokerError } from "../broker-error.js";
import { pickNext, type NotifierContext } from "./context.js";
import { DeadLetterWriter, namespaceTiming } from "./dead-letter-writer.js";
import { namespaceReasons } from "./dead-letter.js";
import type { EventFilter } from "./filter.js";
import { formatLockToken, parseLockToken } from "./lock-token.js";
import type { PullOptions, PullSettings } from "./pull-options.js";
import { PullRecord } from "./pull-record.js";
import { ReadyList } from "./ready-list.js";
import type { StoredEvent } from "./stored-event.js";
import { Waiters, type Cancel } from "./waiters.js";

/** One event, received and locked until `lockedUntilMs`. */
export interface PullDelivery {
  readonly lockToken: string;
  /** From 1; rises with every receive. */
  readonly deliveryCount: number;
  readonly lockedUntilMs: number;
  readonly eventId: string;
  /** The event as JSON, exactly as it was published. */
  readonly eventJson: string;
}

/** What became of each token of one operation; the others are not affected by a failed one. */
export interface TokenResults {
  readonly succeededLockTokens: readonly string[];
  readonly failedLockTokens: readonly FailedToken[];
}

/** `BadToken`: not a token of this subscription. `TokenLost`: the lock expired, or the event was settled. */
export interface FailedToken {
  readonly lockToken: string;
  readonly error: { readonly code: "BadToken" | "TokenLost"; readonly message: string };
}

/** Which pull subscription this is, and what it keeps. */
export interface PullIdentity {
  readonly topic: string;
  readonly name: string;
  readonly matches: EventFilter;
  /** As it was created. */
  readonly options: PullOptions;
}

/** What an event's copy is between deliveries. */
export interface SavedPullRecord {
  readonly event: StoredEvent;
  readonly deliveryCount: number;
  readonly firstReceivedMs: number | undefined;
  readonly lastReceivedMs: number | undefined;
  /** When it is available again, after a release with a delay. */
  readonly delayedUntilMs: number | undefined;
}

/**
 * A subscription of a namespace topic that receivers pull from: at least once, in order of arrival unless events are
 * released, expire or the notifier shuffles.
 *
 * Source: subscriber operations for namespace topics, REST `2024-06-01`.
 */
export class PullSubscription {
  readonly topic: string;
  readonly name: string;
  readonly matches: EventFilter;
  readonly options: PullOptions;
  /** Events handed out so far: names the draws of shuffle mode. */
  picks = 0;
  readonly #context: NotifierContext;
  readonly #settings: PullSettings;
  readonly #deadLetters: DeadLetterWriter;
  readonly #salt: string;
  readonly #ready = new ReadyList<PullRecord>();
  readonly #records = new Map<number, PullRecord>();
  readonly #waiters: Waiters;
  #sequence = 0;
  #locked = 0;
  #deleted = false;

  constructor(context: NotifierContext, identity: PullIdentity, settings: PullSettings) {
    this.#context = context;
    this.#settings = settings;
    this.topic = identity.topic;
    this.name = identity.name;
    this.matches = identity.matches;
    this.options = identity.options;
    this.#deadLetters = new DeadLetterWriter(context, settings.deadLetter, namespaceTiming());
    this.#salt = context.newId();
    this.#waiters = new Waiters(() => (this.#deleted ? 1 : this.#ready.size));
  }

  get isDeleted(): boolean {
    return this.#deleted;
  }

  /** Events by state. `delayed` ones were released with a delay. */
  get counts(): { readonly ready: number; readonly locked: number; readonly delayed: number } {
    const ready = this.#ready.size;
    return { ready, locked: this.#locked, delayed: this.#records.size - ready - this.#locked };
  }

  /**
   * Receives up to `maxEvents` (default 1) events that are available now, perhaps none, and locks them.
   * @throws {BrokerError} `notFound` after the subscription was deleted.
   */
  take(maxEvents = 1): readonly PullDelivery[] {
    if (this.#deleted)
      throw new BrokerError("notFound", `Subscription ${this.topic}/${this.name} was deleted.`);
    const taken: PullDelivery[] = [];
    while (taken.length < maxEvents) {
      const record = pickNext(this.#context, this.#ready, this);
      if (record === undefined) break;
      this.picks += 1;
      taken.push(this.#lock(record));
    }
    return taken;
  }

  /**
   * Calls `wake` once, at once if an event is available or the subscription is deleted, else when that happens. Waiters
   * are woken in their order of arrival for as long as an event is available; whoever comes too late waits again.
   */
  onAvailable(wake: () => void): Cancel {
    return this.#waiters.add(wake);
  }

  /** Removes events for good. */
  acknowledge(lockTokens: readonly string[]): TokenResults {
    return this.#settle(lockTokens, (record) => this.#forget(record));
  }

  /**
   * Makes events available again: after `delaySeconds`, one of 0 (default), 10, 60, 600, 3600.
   * @throws {BrokerError} `badRequest` for another delay.
   */
  release(lockTokens: readonly string[], delaySeconds = 0): TokenResults {
    if (!releaseDelays.includes(delaySeconds)) {
      throw new BrokerError(
        "badRequest",
        `releaseDelayInSeconds must be one of ${releaseDelays.join(", ")}.`,
      );
    }
    const results = this.#settle(lockTokens, (record) => this.#return(record, delaySeconds * 1_000));
    this.pump();
    return results;
  }

  /** Gives events up: they are dead-lettered, or dropped without a sink. */
  reject(lockTokens: readonly string[]): TokenResults {
    return this.#settle(lockTokens, (record) =>
      this.#giveUp(record, namespaceReasons.clientError, "Rejected"),
    );
  }

  /**
   * Starts the locks anew. Refused, as `TokenLost`, later than one hour after the event was first received; the lock
   * itself may outlive that hour.
   */
  renewLock(lockTokens: readonly string[]): TokenResults {
    const { agenda } = this.#context;
    return this.#settle(lockTokens, (record) => {
      if (agenda.nowMs - (record.firstReceivedMs ?? agenda.nowMs) > maxRenewalMs) return renewalRefused;
      agenda.schedule(record, agenda.nowMs + this.#settings.receiveLockDurationMs);
      return undefined;
    });
  }

  /** Keeps a copy of an event. Receivers see it after {@link pump}. */
  offer(event: StoredEvent): void {
    this.#makeReady(this.#keep(event));
  }

  /** Every copy, in the order in which they are to be handed out; what is locked counts as never received. */
  save(): readonly SavedPullRecord[] {
    const ready: PullRecord[] = [];
    for (let record = this.#ready.head; record !== undefined; record = record.next) ready.push(record);
    const others = [...this.#records.values()].filter(({ state }) => state !== "ready");
    return [...ready, ...others].map(savedPullRecord);
  }

  /** Keeps the copies of another time. Receivers see them after {@link pump}. */
  restore(saved: readonly SavedPullRecord[]): void {
    for (const { event, delayedUntilMs, ...history } of saved) {
      const record = this.#keep(event);
      Object.assign(record, history);
      if (delayedUntilMs === undefined) this.#makeReady(record);
      else this.#delay(record, delayedUntilMs);
    }
  }

  /** Wakes those who wait, if something is available. */
  pump(): void {
    this.#waiters.wake();
  }

  /** Forgets every event; receivers that wait are woken and told by {@link take}. */
  close(): void {
    this.#deleted = true;
    for (const record of this.#records.values()) this.#forget(record);
    this.pump();
  }

  /** The agenda's callback: a lock or a delay ended, or the event became too old. */
  due(record: PullRecord): void {
    if (this.#context.agenda.nowMs >= record.expiresMs) {
      this.#giveUp(record, namespaceReasons.expired, record.state === "locked" ? "TimedOut" : "Delivering");
      return;
    }
    this.#return(record, 0);
    this.#context.agenda.afterInstant(this);
  }

  #lock(record: PullRecord): PullDelivery {
    const { agenda } = this.#context;
    const lockedUntilMs = agenda.nowMs + this.#settings.receiveLockDurationMs;
    this.#ready.remove(record);
    this.#locked += 1;
    record.state = "locked";
    record.deliveryCount += 1;
    record.firstReceivedMs ??= agenda.nowMs;
    record.lastReceivedMs = agenda.nowMs;
    agenda.schedule(record, lockedUntilMs);
    return {
      lockToken: formatLockToken(this.#salt, record.sequence, record.deliveryCount),
      deliveryCount: record.deliveryCount,
      lockedUntilMs,
      eventId: record.event.id,
      eventJson: record.event.json,
    };
  }

  #settle(
    lockTokens: readonly string[],
    operation: (record: PullRecord) => FailedToken["error"] | undefined,
  ): TokenResults {
    const succeededLockTokens: string[] = [];
    const failedLockTokens: FailedToken[] = [];
    for (const lockToken of lockTokens) {
      const held = this.#heldBy(lockToken);
      const error = held instanceof PullRecord ? operation(held) : held;
      if (error === undefined) succeededLockTokens.push(lockToken);
      else failedLockTokens.push({ lockToken, error });
    }
    return { succeededLockTokens, failedLockTokens };
  }

  #heldBy(lockToken: string): PullRecord | FailedToken["error"] {
    const token = parseLockToken(this.#salt, lockToken);
    if (token === undefined || token.sequence > this.#sequence) return badToken;
    const record = this.#records.get(token.sequence);
    const isHeld = record?.state === "locked" && record.deliveryCount === token.deliveryCount;
    return isHeld ? record : tokenLost;
  }

  #return(record: PullRecord, delayMs: number): undefined {
    const { agenda } = this.#context;
    if (record.deliveryCount >= this.#settings.maxDeliveryCount && record.state === "locked") {
      return this.#giveUp(record, namespaceReasons.attempts, "TimedOut");
    }
    if (record.state === "locked") this.#locked -= 1;
    if (delayMs === 0) return this.#makeReady(record);
    return this.#delay(record, agenda.nowMs + delayMs);
  }

  #keep(event: StoredEvent): PullRecord {
    const expiresMs = event.publishedMs + this.#settings.eventTimeToLiveMs;
    const record = new PullRecord(this, event, ++this.#sequence, expiresMs);
    this.#records.set(record.sequence, record);
    return record;
  }

  #delay(record: PullRecord, untilMs: number): undefined {
    record.state = "delayed";
    this.#context.agenda.schedule(record, Math.min(untilMs, record.expiresMs));
  }

  #makeReady(record: PullRecord): undefined {
    record.state = "ready";
    this.#ready.append(record);
    this.#context.agenda.schedule(record, record.expiresMs);
  }

  #giveUp(record: PullRecord, reason: string, outcome: string): undefined {
    this.#forget(record);
    this.#deadLetters.write({
      topic: this.topic,
      subscription: this.name,
      format: "namespace",
      reason,
      eventId: record.event.id,
      eventJson: record.event.json,
      deliveryAttempts: record.deliveryCount,
      lastDeliveryOutcome: outcome,
      publishedMs: record.event.publishedMs,
      lastAttemptMs: record.lastReceivedMs,
    });
  }

  #forget(record: PullRecord): undefined {
    if (record.state === "ready") this.#ready.remove(record);
    if (record.state === "locked") this.#locked -= 1;
    record.state = "gone";
    this.#context.agenda.cancel(record);
    this.#records.delete(record.sequence);
  }
}

function savedPullRecord(record: PullRecord): SavedPullRecord {
  const { event, state, deliveryCount, firstReceivedMs, lastReceivedMs } = record;
  const received = state === "locked" ? deliveryCount - 1 : deliveryCount;
  const history = received === 0 ? neverReceived : { firstReceivedMs, lastReceivedMs };
  const delayedUntilMs = state === "delayed" ? record.dueMs : undefined;
  return { event, deliveryCount: received, ...history, delayedUntilMs };
}

const neverReceived = { firstReceivedMs: undefined, lastReceivedMs: undefined };

const releaseDelays: readonly number[] = [0, 10, 60, 600, 3_600];
const maxRenewalMs = 60 * 60 * 1_000;

/** Codes and the text of `TokenLost` from subscriber-operations.md; the full list of the service is unknown. */
const badToken = { code: "BadToken", message: "The token is not one of this subscription." } as const;
const tokenLost = { code: "TokenLost", message: "Token has expired." } as const;
const renewalRefused = {
  code: "TokenLost",
  message: "A lock cannot be renewed later than one hour after the event was first received.",
} as const;
