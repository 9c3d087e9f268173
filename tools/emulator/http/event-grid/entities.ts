import { isDeepStrictEqual } from "node:util";
import { BrokerError } from "../../../../adapters/memory/broker/broker-error.js";
import type { DeadLetter, DeadLetterSink } from "../../../../adapters/memory/broker/notifier/dead-letter.js";
import { PullSubscription } from "../../../../adapters/memory/broker/notifier/pull-subscription.js";
import { PushSubscription } from "../../../../adapters/memory/broker/notifier/push-subscription.js";
import type { TopicOptions } from "../../../../adapters/memory/broker/notifier/topic.js";
import type { Namespace } from "../../namespace.js";
import { given } from "../administration/fields.js";
import { badRequest } from "./answers.js";
import { JsonFields } from "./json-fields.js";
import { DeadLetterShelf } from "./dead-letter-shelf.js";
import { readSubscriptionBody, type SubscriptionRequest } from "./subscription-body.js";
import { describePull, describePush } from "./subscription-description.js";

/** Whether something was made, or was there already. */
export type PutOutcome = "created" | "replaced" | "unchanged";

/** The Event Grid topics and subscriptions of one namespace, as descriptions. One for each: see {@link eventGridOf}. */
export class EventGridEntities {
  readonly #namespace: Namespace;
  readonly #shelf = new DeadLetterShelf();

  constructor(namespace: Namespace) {
    this.#namespace = namespace;
  }

  /**
   * Makes a topic exist: `{ "kind": "custom" | "namespace", "properties": { "inputSchema", "eventRetentionInDays" } }`.
   * The kind is `custom` (push) for `EventGridSchema`, else `namespace` unless it is given.
   *
   * @param keys Access keys; none for a topic that is open to everybody.
   * @throws {BrokerError} `badRequest`, or `alreadyExists` if the topic is there with other settings
   */
  putTopic(name: string, body: unknown, keys: readonly string[] = []): PutOutcome {
    const options = { ...readTopicBody(body), keys };
    if (!/^[A-Za-z0-9-]{3,50}$/.test(name)) {
      throw badRequest("A topic's name has 3 to 50 letters, digits and hyphens.");
    }
    const { notifier } = this.#namespace;
    return this.#namespace.enter(() => {
      const known = notifier.topics().find((each) => each.toLowerCase() === name.toLowerCase());
      if (known === undefined) {
        notifier.createTopic(name, options);
        return "created";
      }
      const settings: TopicOptions = notifier.topicSettings(name);
      const same = (["kind", "schema", "retentionMs"] as const).every(
        (key) => options[key] === undefined || options[key] === settings[key],
      );
      if (same) return "unchanged";
      throw new BrokerError("alreadyExists", `Topic ${known} exists with other settings: delete it first.`);
    });
  }

  /** @throws {BrokerError} `notFound` */
  deleteTopic(name: string): void {
    this.#namespace.enter(() => {
      this.#namespace.notifier.deleteTopic(name);
    });
  }

  /**
   * Makes a subscription exist as its body says; see `readSubscriptionBody`. One that is there is replaced, and its
   * events and dead letters are gone, unless it is described the same.
   *
   * @throws {BrokerError} `notFound` for the topic, `badRequest`, `quotaExceeded`; the subscription that was there then
   * remains, without its events
   */
  putSubscription(topic: string, name: string, body: unknown): PutOutcome {
    return this.#namespace.enter(() => {
      const request = readSubscriptionBody(body, this.deadLetterSink(topic, name));
      const before = this.#find(topic, name);
      if (before === undefined) {
        this.#create(topic, name, request);
        return "created";
      }
      const old = requestOf(before);
      if (sameRequest(old, request)) return "unchanged";
      this.#namespace.notifier.deleteSubscription(topic, name);
      try {
        this.#create(topic, name, request);
      } catch (error) {
        this.#create(topic, name, old);
        throw error;
      }
      return "replaced";
    });
  }

  /** Where the dead letters of that subscription are kept, whoever creates it. */
  deadLetterSink(topic: string, name: string): DeadLetterSink {
    return this.#shelf.sink(this.#namespace.notifier, topic, name);
  }

  /** @throws {BrokerError} `notFound` */
  deleteSubscription(topic: string, name: string): void {
    this.#namespace.enter(() => {
      this.#namespace.notifier.deleteSubscription(topic, name);
    });
  }

  /** In the order of creation. */
  topics(): readonly string[] {
    return this.#namespace.notifier.topics();
  }

  /** A topic as Azure Resource Manager shows it. @throws {BrokerError} `notFound` */
  topic(name: string): object {
    const { kind, schema, retentionMs } = this.#namespace.notifier.topicSettings(name);
    return {
      name,
      kind,
      properties: {
        provisioningState: "Succeeded",
        inputSchema: schema === "eventGrid" ? "EventGridSchema" : "CloudEventSchemaV1_0",
        eventRetentionInDays: retentionMs / dayMs,
      },
    };
  }

  /** In the order of creation. @throws {BrokerError} `notFound` */
  subscriptions(topic: string): readonly string[] {
    return this.#namespace.notifier.subscriptions(topic).map(({ name }) => name);
  }

  /**
   * A subscription with its state: `AwaitingManualAction` while its endpoint has answered and not
   * consented. @throws {BrokerError} `notFound`
   */
  subscription(topic: string, name: string): object {
    const subscription = this.#require(topic, name);
    const settings = this.#namespace.notifier.topicSettings(topic);
    const isPush = subscription instanceof PushSubscription;
    return {
      name: subscription.name,
      properties: {
        ...(isPush ? describePush(subscription.options, settings) : describePull(subscription.options)),
        topic: subscription.topic,
        provisioningState: isPush ? states[subscription.state] : "Succeeded",
      },
      emulator: {
        events: isPush ? { pending: subscription.pending } : subscription.counts,
        deadLetters: this.#letters(topic, name).length,
      },
    };
  }

  /** What the subscription gave up, oldest first; at most 10,000 are kept. @throws {BrokerError} `notFound` */
  deadLetters(topic: string, name: string): readonly DeadLetter[] {
    this.#require(topic, name);
    return this.#letters(topic, name);
  }

  /** @throws {BrokerError} `notFound` */
  clearDeadLetters(topic: string, name: string): void {
    this.#require(topic, name);
    this.#letters(topic, name).length = 0;
  }

  #create(topic: string, name: string, request: SubscriptionRequest): void {
    const { notifier } = this.#namespace;
    if (request.mode === "pull") notifier.createPullSubscription(topic, name, request.options);
    else notifier.createPushSubscription(topic, name, request.options);
    this.#letters(topic, name).length = 0;
  }

  #letters(topic: string, name: string): DeadLetter[] {
    return this.#shelf.lettersOf(this.#namespace.notifier, topic, name);
  }

  #find(topic: string, name: string): PullSubscription | PushSubscription | undefined {
    const subscriptions = this.#namespace.notifier.subscriptions(topic);
    const found = subscriptions.find((each) => each.name.toLowerCase() === name.toLowerCase());
    return found instanceof PullSubscription || found instanceof PushSubscription ? found : undefined;
  }

  #require(topic: string, name: string): PullSubscription | PushSubscription {
    const found = this.#find(topic, name);
    if (found !== undefined) return found;
    throw new BrokerError("notFound", `Topic ${topic} has no subscription ${name}.`);
  }
}

function requestOf(subscription: PullSubscription | PushSubscription): SubscriptionRequest {
  return subscription instanceof PullSubscription
    ? { mode: "pull", options: subscription.options }
    : { mode: "push", options: subscription.options };
}

/** Whether two requests ask for the same; of a sink counts that there is one. */
function sameRequest(a: SubscriptionRequest, b: SubscriptionRequest): boolean {
  const plain = ({ mode, options }: SubscriptionRequest): unknown => ({
    mode,
    ...options,
    deadLetter: options.deadLetter !== undefined,
    // A restored subscription whose endpoint had consented is not asked again.
    validation: undefined,
  });
  return isDeepStrictEqual(plain(a), plain(b));
}

const entities = new WeakMap<Namespace, EventGridEntities>();

/** The Event Grid entities of a namespace; the same for the same namespace. */
export function eventGridOf(namespace: Namespace): EventGridEntities {
  const known = entities.get(namespace);
  if (known !== undefined) return known;
  const made = new EventGridEntities(namespace);
  entities.set(namespace, made);
  return made;
}

const dayMs = 24 * 3_600_000;

const states = {
  validating: "Creating",
  awaitingManualAction: "AwaitingManualAction",
  active: "Succeeded",
  failed: "Failed",
} as const;

function readTopicBody(body: unknown): TopicOptions {
  const fields = new JsonFields(body ?? {}, "body");
  const properties = fields.object("properties");
  const inputSchema = properties?.oneOf("inputSchema", ["EventGridSchema", "CloudEventSchemaV1_0"]);
  const days = properties?.number("eventRetentionInDays");
  const schema = inputSchema === "EventGridSchema" ? "eventGrid" : "cloudEvents";
  return {
    schema,
    kind: fields.oneOf("kind", ["custom", "namespace"]) ?? (schema === "eventGrid" ? "custom" : "namespace"),
    ...given({ retentionMs: days === undefined ? undefined : days * dayMs }),
  };
}
