import type { RuleProperties, ServiceBusAdministrationClient } from "@azure/service-bus";
import { within, type Deadline } from "../../src/transport/index.js";
import type { EntitySettings } from "./entity-settings.js";
import { mapError } from "./map-error.js";

/** An entity that may exist. */
export interface Entity {
  /** As in texts. */
  readonly what: string;
  find(): Promise<object | undefined>;
  /** Answers whether it was made: false if there is one by now. */
  create(): Promise<boolean>;
}

/** A rule of a subscription; its SQL expression, if it has one and no action. */
export interface Rule {
  readonly name: string;
  readonly filter: string | undefined;
}

/** The administration of a namespace, as far as topologies need it. Every operation has a limit, every error a class. */
export class Administrator {
  readonly #client: ServiceBusAdministrationClient;
  readonly #deadline: Deadline;

  constructor(client: ServiceBusAdministrationClient, deadline: Deadline) {
    this.#client = client;
    this.#deadline = deadline;
  }

  queue(name: string, settings: EntitySettings): Entity {
    return this.#entity(
      `queue "${name}"`,
      () => this.#client.getQueue(name),
      () => this.#client.createQueue(name, settings),
    );
  }

  topic(name: string, settings: EntitySettings): Entity {
    return this.#entity(
      `topic "${name}"`,
      () => this.#client.getTopic(name),
      () => this.#client.createTopic(name, settings),
    );
  }

  /** Made with `rule` in place of the service's default rule, which lets everything through. */
  subscription(topic: string, name: string, settings: EntitySettings, rule = "1=1"): Entity {
    const defaultRuleOptions = { name: "waybill-1", filter: { sqlExpression: rule } };
    return this.#entity(
      `subscription "${topic}/${name}"`,
      () => this.#client.getSubscription(topic, name),
      () => this.#client.createSubscription(topic, name, { ...settings, defaultRuleOptions }),
    );
  }

  rules(topic: string, subscription: string): Promise<readonly Rule[]> {
    return this.#run(`cannot look at the rules of "${topic}/${subscription}"`, async () => {
      const rules: Rule[] = [];
      for await (const rule of this.#client.listRules(topic, subscription)) rules.push(ruleOf(rule));
      return rules;
    });
  }

  async addRule(topic: string, subscription: string, name: string, filter: string): Promise<void> {
    const doing = `cannot add a rule to "${topic}/${subscription}"`;
    await this.#made(doing, () =>
      this.#client.createRule(topic, subscription, name, { sqlExpression: filter }),
    );
  }

  async removeRule(topic: string, subscription: string, name: string): Promise<void> {
    const doing = `cannot remove rule "${name}" of "${topic}/${subscription}"`;
    await this.#found(doing, () => this.#client.deleteRule(topic, subscription, name));
  }

  #entity(what: string, get: () => Promise<object>, create: () => Promise<unknown>): Entity {
    return {
      what,
      find: () => this.#found(`cannot look at ${what}`, get),
      create: () => this.#made(`cannot create ${what}`, create),
    };
  }

  /** Nothing if it is not there. */
  async #found<T>(doing: string, operation: () => Promise<T>): Promise<T | undefined> {
    try {
      return await within(this.#deadline, doing, operation);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw mapError(error, doing);
    }
  }

  /** False if it is there already. */
  async #made(doing: string, operation: () => Promise<unknown>): Promise<boolean> {
    try {
      await within(this.#deadline, doing, operation);
      return true;
    } catch (error) {
      if (statusOf(error) === 409) return false;
      throw mapError(error, doing);
    }
  }

  async #run<T>(doing: string, operation: () => Promise<T>): Promise<T> {
    try {
      return await within(this.#deadline, doing, operation);
    } catch (error) {
      throw mapError(error, doing);
    }
  }
}

/** An action changes messages, so such a rule is none of ours. */
function ruleOf({ name, filter, action }: RuleProperties): Rule {
  const plain = (action as { readonly sqlExpression?: string } | undefined)?.sqlExpression === undefined;
  return { name, filter: plain && "sqlExpression" in filter ? filter.sqlExpression : undefined };
}

/** The SDK reads an empty feed, which is the service's answer for an entity that is not there, as an error of that code. */
const isMissing = (error: unknown): boolean =>
  statusOf(error) === 404 || codeOf(error) === "MessageEntityNotFoundError";

const statusOf = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "statusCode" in error ? error.statusCode : undefined;

const codeOf = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
