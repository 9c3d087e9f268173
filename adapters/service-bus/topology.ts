import {
  WaybillError,
  type ConnectContext,
  type Deadline,
  type Destination,
  type MessageFilter,
  type SubscriptionSource,
} from "../../src/transport/index.js";
import { Administrator, type Entity } from "./administrator.js";
import {
  queueSettings,
  subscriptionSettings,
  topicSettings,
  type EntitySettings,
} from "./entity-settings.js";
import { subscriptionRules } from "./subscription-rules.js";
import type { ServiceBusSettings } from "./transport.js";

/**
 * Looks at the entities that a service needs, or makes them, as the options say.
 *
 * @throws {WaybillError} `invalidOption` without an administration client, `notFound` for an entity that `verify` misses,
 * `alreadyExists` for one that is not as its contract says.
 */
export async function checkTopology(
  { topology = "assume", administration }: ServiceBusSettings,
  context: ConnectContext,
  deadline: Deadline,
): Promise<void> {
  if (topology === "assume") return;
  if (administration === undefined) {
    throw new WaybillError(
      "invalidOption",
      `topology: "${topology}" needs an administration client: give serviceBus({ administration: () => … }), ` +
        "or leave topology out to assume that the entities exist",
    );
  }
  const check = new TopologyCheck(new Administrator(administration(), deadline), topology === "ensure");
  for (const place of [...context.destinations, ...context.sources]) await check.entity(place);
  for (const source of context.sources) if (source.kind === "subscription") await check.source(source);
}

class TopologyCheck {
  readonly #admin: Administrator;
  readonly #ensures: boolean;
  readonly #checked = new Set<string>();

  constructor(admin: Administrator, ensures: boolean) {
    this.#admin = admin;
    this.#ensures = ensures;
  }

  /** The queue or topic of a channel, and the subscriptions that its contract declares. */
  async entity({ channel, address }: Destination): Promise<void> {
    const { kind, settings } = channel;
    const name = address.toLowerCase();
    if (this.#checked.has(name)) return;
    this.#checked.add(name);
    if (kind === "queue") {
      const wanted = queueSettings(settings);
      await this.#entity(this.#admin.queue(address, wanted), wanted);
    } else if (kind === "topic") {
      const wanted = topicSettings(settings);
      await this.#entity(this.#admin.topic(address, wanted), wanted);
      for (const [subscription, { where }] of Object.entries(settings.subscriptions ?? {})) {
        const filter = { types: undefined, ...(where === undefined ? {} : { where }) };
        await this.#subscription({ channel, address, subscription, filter });
      }
    }
  }

  /** What the service subscribes to. */
  async source(source: SubscriptionSource): Promise<void> {
    await this.#subscription(source);
  }

  async #subscription(place: Place): Promise<void> {
    const { channel, address, subscription, filter } = place;
    const wanted = subscriptionSettings(channel.settings);
    const rules = subscriptionRules(subscription, filter);
    const entity = this.#admin.subscription(address, subscription, wanted, rules[0]);
    await this.#entity(entity, wanted);
    await this.#rules(place, rules, entity.what);
  }

  async #entity(entity: Entity, wanted: EntitySettings): Promise<void> {
    const found = (await entity.find()) ?? (await this.#make(entity));
    if (found !== undefined) compare(entity.what, wanted, found);
  }

  /** Answers what is there if somebody else was faster. */
  async #make(entity: Entity): Promise<object | undefined> {
    if (this.#ensures) return (await entity.create()) ? undefined : entity.find();
    throw new WaybillError(
      "notFound",
      `${entity.what} does not exist: create it, or let topology: "ensure" do so where the identity may`,
    );
  }

  /** New rules come before the old ones go, so that no message falls between them. */
  async #rules({ address, subscription }: Place, wanted: readonly string[], what: string): Promise<void> {
    const present = await this.#admin.rules(address, subscription);
    const missing = wanted.filter((filter) => !present.some((rule) => rule.filter === filter));
    const others = present.filter((rule) => rule.filter === undefined || !wanted.includes(rule.filter));
    if (missing.length === 0 && others.length === 0) return;
    if (!this.#ensures)
      throw differentRules(
        what,
        missing,
        others.map(({ name }) => name),
      );
    const names = freeNames(new Set(present.map(({ name }) => name)));
    for (const filter of missing) await this.#admin.addRule(address, subscription, names(), filter);
    for (const { name } of others) await this.#admin.removeRule(address, subscription, name);
  }
}

interface Place extends Destination {
  readonly subscription: string;
  readonly filter: MessageFilter;
}

function compare(what: string, wanted: EntitySettings, found: object): void {
  for (const [name, value] of Object.entries(wanted)) {
    const actual = (found as EntitySettings)[name];
    if (actual === value) continue;
    throw new WaybillError(
      "alreadyExists",
      `${what} has ${name} ${String(actual)}, and its contract says ${String(value)}: change the one or the other`,
    );
  }
}

const differentRules = (what: string, missing: readonly string[], others: readonly string[]): WaybillError =>
  new WaybillError(
    "alreadyExists",
    `${what} filters otherwise than the service: ` +
      [
        ...missing.map((filter) => `it lacks the rule ${filter}`),
        ...others.map((name) => `its rule "${name}" is not the service's`),
      ].join("; ") +
      ': change its rules, or let topology: "ensure" do so where the identity may',
  );

function freeNames(taken: ReadonlySet<string>): () => string {
  let number = 0;
  return () => {
    do number += 1;
    while (taken.has(ruleName(number)));
    return ruleName(number);
  };
}

const ruleName = (number: number): string => `waybill-${String(number)}`;
