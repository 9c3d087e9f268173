import { BrokerError } from "../../../../adapters/memory/broker/broker-error.js";
import type { DeadLetter } from "../../../../adapters/memory/broker/notifier/dead-letter.js";
import { PullSubscription } from "../../../../adapters/memory/broker/notifier/pull-subscription.js";
import { PushSubscription } from "../../../../adapters/memory/broker/notifier/push-subscription.js";
import type { TopicOptions } from "../../../../adapters/memory/broker/notifier/topic.js";
import type { Namespace } from "../../namespace.js";
import { given } from "../administration/fields.js";
import { badRequest } from "./answers.js";
import { JsonFields } from "./json-fields.js";
import { readSubscriptionBody } from "./subscription-body.js";

/** Whether something was made, or was there already. */
export type PutOutcome = "created" | "replaced" | "unchanged";

/** A subscription as somebody described it, with what it gave up. */
interface Described {
  readonly subscription: PullSubscription | PushSubscription;
  readonly body: unknown;
  readonly letters: DeadLetter[];
}

/** Dead letters that one subscription may keep; until some are removed, the notifier tries again later. */
const maxLetters = 10_000;

/** The Event Grid topics and subscriptions of one namespace, as descriptions. One for each: see {@link eventGridOf}. */
export class EventGridEntities {
  readonly #namespace: Namespace;
  readonly #described = new WeakMap<object, Described>();

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
   * events are gone, unless the body is the same.
   *
   * @throws {BrokerError} `notFound` for the topic, `badRequest`, `quotaExceeded`; then nothing has changed, except that a
   * subscription which was to be replaced has lost its events
   */
  putSubscription(topic: string, name: string, body: unknown): PutOutcome {
    return this.#namespace.enter(() => {
      const before = this.#find(topic, name);
      const known = before === undefined ? undefined : this.#described.get(before);
      if (known !== undefined && JSON.stringify(known.body) === JSON.stringify(body)) return "unchanged";
      readSubscriptionBody(body, () => undefined);
      if (before !== undefined) this.#namespace.notifier.deleteSubscription(topic, name);
      try {
        this.#create(topic, name, body);
      } catch (error) {
        if (known !== undefined) this.#create(topic, name, known.body);
        throw error;
      }
      return before === undefined ? "created" : "replaced";
    });
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
   * A subscription as it was described, with its state: `AwaitingManualAction` while its endpoint has answered and not
   * consented. @throws {BrokerError} `notFound`
   */
  subscription(topic: string, name: string): object {
    const subscription = this.#require(topic, name);
    const described = this.#described.get(subscription);
    const properties = (described?.body as { readonly properties?: object } | undefined)?.properties ?? {};
    const provisioningState =
      subscription instanceof PushSubscription ? states[subscription.state] : "Succeeded";
    const events =
      subscription instanceof PushSubscription ? { pending: subscription.pending } : subscription.counts;
    return {
      name: subscription.name,
      properties: { ...properties, topic: subscription.topic, provisioningState },
      emulator: { events, deadLetters: described?.letters.length ?? 0 },
    };
  }

  /** What the subscription gave up, oldest first; at most 10,000 are kept. @throws {BrokerError} `notFound` */
  deadLetters(topic: string, name: string): readonly DeadLetter[] {
    return this.#described.get(this.#require(topic, name))?.letters ?? [];
  }

  /** @throws {BrokerError} `notFound` */
  clearDeadLetters(topic: string, name: string): void {
    const letters = this.#described.get(this.#require(topic, name))?.letters;
    if (letters !== undefined) letters.length = 0;
  }

  #create(topic: string, name: string, body: unknown): void {
    const { notifier } = this.#namespace;
    const letters: DeadLetter[] = [];
    const request = readSubscriptionBody(body, (letter) => {
      if (letters.length >= maxLetters) return false;
      letters.push(letter);
      return undefined;
    });
    const subscription =
      request.mode === "pull"
        ? notifier.createPullSubscription(topic, name, request.options)
        : notifier.createPushSubscription(topic, name, request.options);
    this.#described.set(subscription, { subscription, body, letters });
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
