import { BrokerError } from "../broker-error.js";
import { acceptEvents, type IncomingEvent } from "./accept-events.js";
import { authorizationComplaint, type RequestHead } from "./access-key.js";
import { Agenda } from "./agenda.js";
import type { NotifierContext } from "./context.js";
import type { DeliveryAnswer } from "./delivery-rules.js";
import { compileFilter } from "./filter.js";
import type { JsonObject, JsonValue } from "./json.js";
import {
  readEvent,
  readEvents,
  refusal,
  type PublishRequest,
  type PublishResult,
} from "./publish-request.js";
import { pullSettings, type PullOptions } from "./pull-options.js";
import { receive, type ReceiveOptions } from "./pull-receive.js";
import { PullSubscription, type PullDelivery } from "./pull-subscription.js";
import type { PushOptions } from "./push-options.js";
import type { DeliveryRequest } from "./push-request.js";
import { PushSubscription } from "./push-subscription.js";
import {
  addSubscription,
  fanOut,
  newTopic,
  type Topic,
  type TopicOptions,
  type TopicSubscription,
} from "./topic.js";
import type { Cancel } from "./waiters.js";

/** Options of {@link createNotifier}. */
export interface NotifierOptions {
  /** The time at the start, in milliseconds since 1970. */
  readonly startMs: number;
  /** Makes unique identifiers, for lock tokens and requests. Default: a counter. */
  readonly ids?: () => string;
  /** A number in [0, 1) for a named decision; needed by the three options below. */
  readonly draw?: (name: string) => number;
  /** How many waiting events compete for being handed out next. Default 1: order of arrival. */
  readonly shuffleWindow?: number;
  /** Chance in [0, 1] that a subscription gets an event twice. Default 0. */
  readonly duplicateProbability?: number;
  /** Share of a retry delay that may be added by chance. Default 0. */
  readonly jitterRatio?: number;
  /** Where an endpoint consents by hand; its owner calls `validate(code)`. Default: a URL that leads nowhere. */
  readonly validationUrl?: (code: string) => string;
  /** Makes the HTTP requests of push subscriptions. May answer at once; must not throw. */
  readonly deliver?: (request: DeliveryRequest) => void;
}

/**
 * The Event Grid engine: topics, pull and push subscriptions, filters, dead letters. Synchronous and deterministic: it
 * does no I/O, and time moves only by {@link Notifier.advanceTo}. Names are compared without case.
 */
export class Notifier {
  readonly #context: NotifierContext;
  readonly #topics: Map<string, Topic>;

  /** @param topics What it holds, by lower-cased name, for an owner who takes snapshots. */
  constructor(context: NotifierContext, topics = new Map<string, Topic>()) {
    this.#context = context;
    this.#topics = topics;
  }

  /** @throws {BrokerError} `alreadyExists`, or `badRequest` for options that contradict each other. */
  createTopic(name: string, options: TopicOptions = {}): void {
    if (this.#topics.has(name.toLowerCase()))
      throw new BrokerError("alreadyExists", `Topic ${name} already exists.`);
    this.#topics.set(name.toLowerCase(), newTopic(name, options));
  }

  /** Names in the order of creation. */
  topics(): readonly string[] {
    return Array.from(this.#topics.values(), ({ name }) => name);
  }

  /** @throws {BrokerError} `notFound` */
  topicSettings(name: string): Required<TopicOptions> {
    const { kind, schema, keys, retentionMs, resourceId } = this.#topic(name);
    return { kind, schema, keys, retentionMs, resourceId };
  }

  /** Push and pull subscriptions of a topic in the order of creation. @throws {BrokerError} `notFound` */
  subscriptions(topicName: string): readonly TopicSubscription[] {
    return [...this.#topic(topicName).subscriptions.values()];
  }

  /** Deletes a topic with its subscriptions and their events. */
  deleteTopic(name: string): void {
    const topic = this.#topic(name);
    this.#topics.delete(name.toLowerCase());
    for (const subscription of topic.subscriptions.values()) subscription.close();
  }

  /** Publishes by HTTP; the answer is for the wire. Never throws for what a client did wrong. */
  publish(topicName: string, request: PublishRequest): PublishResult {
    try {
      const topic = this.#topic(topicName);
      this.#authorize(topic, request);
      this.#publish(topic, readEvents(topic, request));
      return { status: 200 };
    } catch (error) {
      if (error instanceof BrokerError) return refusal(error);
      throw error;
    }
  }

  /**
   * Checks the access key or signature of any request to a topic, such as a receive.
   * @throws {BrokerError} `notFound`, or `unauthorized` if neither fits a key of the topic.
   */
  authorize(topicName: string, head: RequestHead): void {
    this.#authorize(this.#topic(topicName), head);
  }

  /**
   * Publishes events from inside the process, all or nothing. They are copied: what the caller changes later does not
   * travel.
   * @throws {BrokerError} `notFound`, `badRequest`, `tooLarge`.
   */
  publishEvents(topicName: string, events: readonly JsonObject[]): void {
    this.#publish(this.#topic(topicName), events.map(printed));
  }

  /**
   * The same for events that are JSON text already, which is kept to the letter.
   * @throws {BrokerError} `notFound`, `badRequest`, `tooLarge`.
   */
  publishJson(topicName: string, events: readonly string[]): void {
    this.#publish(this.#topic(topicName), events.map(readEvent));
  }

  /** @throws {BrokerError} `notFound`, `alreadyExists`, `quotaExceeded`, or `badRequest` for an option out of bounds. */
  createPullSubscription(topicName: string, name: string, options: PullOptions = {}): PullSubscription {
    const topic = this.#topic(topicName);
    if (topic.kind === "custom") {
      throw new BrokerError(
        "badRequest",
        `Topic ${topic.name} is a custom topic, which has push subscriptions only.`,
      );
    }
    const matches = compileFilter(options.filter ?? {}, topic.schema);
    const settings = pullSettings(options, topic.retentionMs);
    const identity = { topic: topic.name, name, matches, options };
    const subscription = new PullSubscription(this.#context, identity, settings);
    addSubscription(topic, subscription);
    return subscription;
  }

  /** @throws {BrokerError} `notFound` if there is no such pull subscription. */
  pullSubscription(topicName: string, name: string): PullSubscription {
    const subscription = this.#topic(topicName).subscriptions.get(name.toLowerCase());
    if (subscription instanceof PullSubscription) return subscription;
    throw new BrokerError("notFound", `Topic ${topicName} has no pull subscription ${name}.`);
  }

  /**
   * Creates a push subscription and, unless told otherwise, asks its endpoint for consent at once.
   * @throws {BrokerError} `notFound`, `alreadyExists`, `quotaExceeded`, or `badRequest` for an option out of bounds.
   */
  createPushSubscription(topicName: string, name: string, options: PushOptions): PushSubscription {
    if (this.#context.deliver === refuseToDeliver) refuseToDeliver();
    const topic = this.#topic(topicName);
    const subscription = new PushSubscription(this.#context, topic, name, options);
    addSubscription(topic, subscription);
    subscription.start();
    return subscription;
  }

  /** Tells what an endpoint answered to a delivery request. An unknown or outdated request is ignored. */
  answer(requestId: string, answer: DeliveryAnswer): void {
    const sender = this.#context.requests.get(requestId);
    this.#context.requests.delete(requestId);
    sender?.answer(answer, requestId);
  }

  /** Somebody opened the validation URL with this code. False if no handshake waits for it (any more). */
  validate(code: string): boolean {
    const handshake = this.#context.handshakes.get(code);
    handshake?.consent();
    return handshake !== undefined;
  }

  /** Receives like the REST operation, with a wait. In-process callers use `take` and `onAvailable` instead. */
  receive(
    subscription: PullSubscription,
    options: ReceiveOptions,
    reply: (deliveries: readonly PullDelivery[]) => void,
  ): Cancel {
    return receive(this.#context, subscription, options, reply);
  }

  /** Deletes a subscription with its events. */
  deleteSubscription(topicName: string, name: string): void {
    const { subscriptions } = this.#topic(topicName);
    const subscription = subscriptions.get(name.toLowerCase());
    if (subscription === undefined)
      throw new BrokerError("notFound", `Topic ${topicName} has no subscription ${name}.`);
    subscriptions.delete(name.toLowerCase());
    subscription.close();
  }

  /** Moves time forward; everything due happens, in order. An earlier time changes nothing. */
  advanceTo(nowMs: number): void {
    this.#context.agenda.advanceTo(nowMs);
  }

  /** When something falls due next; undefined if nothing waits for time. */
  nextDueMs(): number | undefined {
    return this.#context.agenda.nextDueMs();
  }

  #publish(topic: Topic, incoming: readonly IncomingEvent[]): void {
    const { agenda, draw, duplicateProbability } = this.#context;
    const events = acceptEvents(topic, incoming, agenda.nowMs);
    fanOut(topic, events, (subscription, eventId) => {
      if (duplicateProbability === 0) return 1;
      return draw(`duplicate ${topic.name}/${subscription} ${eventId}`) < duplicateProbability ? 2 : 1;
    });
  }

  #authorize(topic: Topic, head: RequestHead): void {
    const nowMs = head.nowMs ?? this.#context.agenda.nowMs;
    const complaint = authorizationComplaint(topic.keys, head, nowMs);
    if (complaint !== undefined) throw new BrokerError("unauthorized", complaint);
  }

  #topic(name: string): Topic {
    const topic = this.#topics.get(name.toLowerCase());
    if (topic === undefined) throw new BrokerError("notFound", `There is no topic ${name}: create it first.`);
    return topic;
  }
}

/**
 * Creates an empty notifier.
 * @param topics What it holds, by lower-cased name, for an owner who takes snapshots.
 * @throws {BrokerError} `badRequest` for an option that needs `draw` without it.
 */
export function createNotifier(options: NotifierOptions, topics = new Map<string, Topic>()): Notifier {
  const { shuffleWindow = 1, duplicateProbability = 0, jitterRatio = 0 } = options;
  const needsChance = shuffleWindow > 1 || duplicateProbability > 0 || jitterRatio > 0;
  if (needsChance && options.draw === undefined) refuseToDraw();
  const context: NotifierContext = {
    agenda: new Agenda(options.startMs),
    newId: options.ids ?? counter(),
    draw: options.draw ?? refuseToDraw,
    shuffleWindow,
    duplicateProbability,
    jitterRatio,
    deliver: options.deliver ?? refuseToDeliver,
    validationUrl: options.validationUrl ?? ((code) => `https://eventgrid.invalid/validate?code=${code}`),
    requests: new Map(),
    handshakes: new Map(),
  };
  return new Notifier(context, topics);
}

function counter(): () => string {
  let count = 0;
  return () => `id-${String(++count)}`;
}

function refuseToDraw(): never {
  throw new BrokerError(
    "badRequest",
    "Give `draw` to the notifier: shuffling, duplicates and jitter need chance.",
  );
}

function refuseToDeliver(): never {
  throw new BrokerError("badRequest", "Give `deliver` to the notifier: push subscriptions need it.");
}

function printed(event: JsonObject): IncomingEvent {
  const json = JSON.stringify(event);
  return { json, value: JSON.parse(json) as JsonValue };
}
