import { pickNext, type NotifierContext } from "./context.js";
import { customTiming, DeadLetterWriter, namespaceTiming } from "./dead-letter-writer.js";
import { afterFailure, failureOf, type DeliveryAnswer, type DeliveryFailure } from "./delivery-rules.js";
import { asCloudEvent } from "./event-grid-event.js";
import { compileFilter, type EventFilter } from "./filter.js";
import { Handshake, type HandshakeState } from "./handshake.js";
import type { JsonObject } from "./json.js";
import { pushSettings, type PushOptions, type PushSettings } from "./push-options.js";
import { PushBatch, PushRecord } from "./push-record.js";
import { deliveryRequest } from "./push-request.js";
import { ReadyList } from "./ready-list.js";
import type { StoredEvent } from "./stored-event.js";
import type { Topic } from "./topic.js";

/** What an event's copy is between attempts. */
export interface SavedPushRecord {
  readonly event: StoredEvent;
  readonly attempts: number;
  readonly lastAttemptMs: number | undefined;
  readonly lastFailure: DeliveryFailure | undefined;
  /** When the next attempt is made, after a failed one. */
  readonly waitsUntilMs: number | undefined;
}

/**
 * A subscription whose events go to an endpoint: at least once, unordered, retried on a schedule, given up after its
 * attempts, its time to live or a final status. Gets no event before its handshake succeeded.
 *
 * Source: delivery-and-retry.md, namespace-delivery-retry.md.
 */
export class PushSubscription {
  readonly topic: string;
  readonly name: string;
  readonly matches: EventFilter;
  /** As it was created. */
  readonly options: PushOptions;
  /** Events looked at so far: names the draws of shuffle mode. */
  picks = 0;
  readonly #context: NotifierContext;
  readonly #settings: PushSettings;
  readonly #handshake: Handshake | undefined;
  readonly #deadLetters: DeadLetterWriter;
  readonly #letterFormat: "eventGrid" | "cloudEvents" | "namespace";
  readonly #converts: boolean;
  readonly #ready = new ReadyList<PushRecord>();
  readonly #records = new Set<PushRecord>();
  #requests = 0;
  #isPumping = false;

  constructor(context: NotifierContext, topic: Topic, name: string, options: PushOptions) {
    this.topic = topic.name;
    this.name = name;
    this.options = options;
    this.matches = compileFilter(options.filter ?? {}, topic.schema);
    this.#context = context;
    this.#settings = pushSettings(options, topic);
    const { schema, endpoint } = this.#settings;
    const isNamespace = topic.kind === "namespace";
    const timing = isNamespace
      ? namespaceTiming(options.deadLetterDelayMs)
      : customTiming(options.deadLetterDelayMs);
    this.#deadLetters = new DeadLetterWriter(context, options.deadLetter, timing);
    this.#letterFormat = isNamespace ? "namespace" : schema;
    this.#converts = schema !== topic.schema;
    const target = { topic: topic.name, topicId: topic.resourceId, subscription: name, endpoint, schema };
    this.#handshake = options.validation === "none" ? undefined : new Handshake(context, target);
  }

  get state(): HandshakeState {
    return this.#handshake?.state ?? "active";
  }

  /** Events that were neither delivered nor given up. */
  get pending(): number {
    return this.#records.size;
  }

  /** Asks the endpoint for consent, if the subscription was created with a handshake. */
  start(): void {
    this.#handshake?.start();
  }

  /** Keeps a copy of an event, unless the endpoint has not consented yet. Sent by {@link pump}. */
  offer(event: StoredEvent): void {
    if (this.state !== "active") return;
    this.#ready.append(this.#keep(this.#converts ? convert(event) : event));
  }

  /** Every copy; an attempt that is on its way counts as never made. */
  save(): readonly SavedPushRecord[] {
    return Array.from(this.#records, savedPushRecord);
  }

  /** Keeps the copies of another time. Sent by {@link pump}. */
  restore(saved: readonly SavedPushRecord[]): void {
    for (const { event, waitsUntilMs, ...history } of saved) {
      const record = this.#keep(event);
      Object.assign(record, history);
      if (waitsUntilMs === undefined) this.#ready.append(record);
      else {
        record.state = "waiting";
        this.#context.agenda.schedule(record, waitsUntilMs);
      }
    }
  }

  /** Sends what is ready. Not re-entrant: an answer given at once is followed by the same loop, not by recursion. */
  pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      while (this.#requests < this.#settings.maxConcurrentRequests) {
        const records = this.#nextBatch();
        if (records.length === 0) break;
        this.#send(records);
      }
    } finally {
      this.#isPumping = false;
    }
  }

  /** Forgets every event and ignores later answers. */
  close(): void {
    this.#handshake?.cancel();
    for (const record of this.#records) this.#forget(record);
  }

  /** The agenda's callback: the wait before the next attempt is over. */
  retryDue(record: PushRecord): void {
    record.state = "ready";
    this.#ready.append(record);
    this.#context.agenda.afterInstant(this);
  }

  /** The agenda's callback: the endpoint did not answer in time, or not even late. */
  requestDue(batch: PushBatch): void {
    if (batch.isLate) {
      this.#context.requests.delete(batch.id);
      return;
    }
    batch.isLate = true;
    this.#context.agenda.schedule(batch, batch.sentMs + lateSuccessMs);
    this.#failed(batch, { outcome: "TimedOut" });
    this.#context.agenda.afterInstant(this);
  }

  /** The endpoint answered a delivery. One answer holds for the whole batch. */
  answered(batch: PushBatch, answer: DeliveryAnswer): void {
    const failure = failureOf(answer);
    this.#context.agenda.cancel(batch);
    if (batch.isLate) {
      if (failure === undefined) this.#lateSuccess(batch);
      return;
    }
    if (failure === undefined) {
      this.#requests -= 1;
      for (const record of batch.records) this.#forget(record);
    } else this.#failed(batch, failure);
    this.pump();
  }

  #keep(event: StoredEvent): PushRecord {
    const record = new PushRecord(this, event, event.publishedMs + this.#settings.eventTtlMs);
    this.#records.add(record);
    return record;
  }

  /** All that fits into one request: by count strictly, by size unless a single event is larger. */
  #nextBatch(): readonly PushRecord[] {
    const records: PushRecord[] = [];
    let bytes = 0;
    while (records.length < this.#settings.maxEvents) {
      const record = pickNext(this.#context, this.#ready, this);
      if (record === undefined) break;
      this.picks += 1;
      // The service looks at the age of an event only when an attempt is due.
      if (this.#context.agenda.nowMs >= record.expiresMs) {
        this.#giveUp(record, this.#settings.rules.reasons.expired);
        continue;
      }
      bytes += record.event.sizeBytes;
      if (records.length > 0 && bytes > this.#settings.preferredBytes) break;
      this.#ready.remove(record);
      record.state = "sending";
      records.push(record);
    }
    return records;
  }

  #send(records: readonly PushRecord[]): void {
    const { agenda, newId, requests, deliver } = this.#context;
    const batch = new PushBatch(this, newId(), records, agenda.nowMs);
    this.#requests += 1;
    for (const record of records) {
      record.attempts += 1;
      record.lastAttemptMs = agenda.nowMs;
      record.lastRequest = batch;
    }
    requests.set(batch.id, batch);
    agenda.schedule(batch, agenda.nowMs + answerMs);
    deliver(deliveryRequest(batch, this.#settings, { topic: this.topic, subscription: this.name }));
  }

  #failed(batch: PushBatch, failure: DeliveryFailure): void {
    const { rules, maxAttempts } = this.#settings;
    this.#requests -= 1;
    for (const record of batch.records) {
      if (record.state !== "sending") continue;
      record.lastFailure = failure;
      const next = afterFailure(rules, failure, { made: record.attempts, max: maxAttempts });
      if ("reason" in next) this.#giveUp(record, next.reason);
      else this.#wait(record, next.delayMs);
    }
  }

  #wait(record: PushRecord, delayMs: number): void {
    const { agenda, jitterRatio, draw } = this.#context;
    const attempt = `${this.topic}/${this.name} ${record.event.id}#${String(record.attempts)}`;
    const jitterMs = jitterRatio === 0 ? 0 : Math.floor(draw(`jitter ${attempt}`) * jitterRatio * delayMs);
    record.state = "waiting";
    agenda.schedule(record, agenda.nowMs + delayMs + jitterMs);
  }

  /** A success up to three minutes after the request takes the retry back, if that has not been sent yet. */
  #lateSuccess(batch: PushBatch): void {
    for (const record of batch.records) {
      if (record.lastRequest === batch && record.state !== "sending") this.#forget(record);
    }
  }

  #giveUp(record: PushRecord, reason: string): void {
    this.#forget(record);
    const { lastFailure } = record;
    this.#deadLetters.write({
      topic: this.topic,
      subscription: this.name,
      format: this.#letterFormat,
      reason,
      eventId: record.event.id,
      eventJson: record.event.json,
      deliveryAttempts: record.attempts,
      lastDeliveryOutcome: lastFailure?.outcome ?? "Delivering",
      ...(lastFailure?.status === undefined ? {} : { lastHttpStatusCode: lastFailure.status }),
      publishedMs: record.event.publishedMs,
      lastAttemptMs: record.lastAttemptMs,
    });
  }

  #forget(record: PushRecord): void {
    if (record.state === "gone") return;
    if (record.state === "ready") this.#ready.remove(record);
    record.state = "gone";
    this.#context.agenda.cancel(record);
    this.#records.delete(record);
  }
}

const answerMs = 30_000;
const lateSuccessMs = 3 * 60_000;

function savedPushRecord(record: PushRecord): SavedPushRecord {
  const { event, state, attempts, lastAttemptMs, lastFailure } = record;
  const waitsUntilMs = state === "waiting" ? record.dueMs : undefined;
  return {
    event,
    attempts: state === "sending" ? attempts - 1 : attempts,
    lastAttemptMs,
    lastFailure,
    waitsUntilMs,
  };
}

function convert(event: StoredEvent): StoredEvent {
  const json = JSON.stringify(asCloudEvent(JSON.parse(event.json) as JsonObject));
  return { ...event, json, sizeBytes: Buffer.byteLength(json) };
}
