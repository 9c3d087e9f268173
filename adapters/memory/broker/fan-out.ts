import type { SubscriptionEntity } from "./entities.js";
import type { BrokerMessage } from "./message.js";
import type { Key, KeyCondition } from "./rules/key-condition.js";

/**
 * The subscriptions of a topic by the values that their rules ask for, so that a message costs those that may select it
 * and not all that there are. Every list is in the order of creation, which is the order of the copies.
 */
export class FanOut {
  /** Those with a rule that must look at every message. */
  readonly #everything: SubscriptionEntity[] = [];
  readonly #tables = new Map<string, Table>();

  add(subscription: SubscriptionEntity): void {
    for (const list of this.#listsOf(subscription)) {
      const at = placeIn(list, subscription);
      if (list[at] !== subscription) list.splice(at, 0, subscription);
    }
  }

  remove(subscription: SubscriptionEntity): void {
    for (const list of this.#listsOf(subscription)) {
      const at = placeIn(list, subscription);
      if (list[at] === subscription) list.splice(at, 1);
    }
    this.#dropEmpty(subscription);
  }

  /** Does what changes the rules of `subscription`. */
  whileChanging(subscription: SubscriptionEntity, change: () => void): void {
    this.remove(subscription);
    try {
      change();
    } finally {
      this.add(subscription);
    }
  }

  /** Whoever may select the message, each once. */
  candidates(message: BrokerMessage): readonly SubscriptionEntity[] {
    let found: readonly SubscriptionEntity[] = this.#everything;
    for (const { keyOf, lists } of this.#tables.values()) {
      const more = lists.get(keyOf(message));
      if (more !== undefined) found = found.length === 0 ? more : merged(found, more);
    }
    return found;
  }

  /** The lists in which `subscription` belongs by its rules, made where there are none. */
  #listsOf({ rules: { rules } }: SubscriptionEntity): readonly SubscriptionEntity[][] {
    const conditions = rules.map(({ compiled }) => compiled.key);
    if (conditions.includes(undefined)) return [this.#everything];
    return conditions.flatMap((condition) =>
      condition === undefined ? [] : condition.keys.map((key) => listOf(this.#tables, condition, key)),
    );
  }

  #dropEmpty({ rules: { rules } }: SubscriptionEntity): void {
    for (const { compiled } of rules) {
      const table = this.#tables.get(compiled.key?.name ?? "");
      if (compiled.key === undefined || table === undefined) continue;
      for (const key of compiled.key.keys) if (table.lists.get(key)?.length === 0) table.lists.delete(key);
      if (table.lists.size === 0) this.#tables.delete(compiled.key.name);
    }
  }
}

interface Table {
  readonly keyOf: KeyCondition["keyOf"];
  readonly lists: Map<Key, SubscriptionEntity[]>;
}

function listOf(tables: Map<string, Table>, { name, keyOf }: KeyCondition, key: Key): SubscriptionEntity[] {
  let table = tables.get(name);
  if (table === undefined) tables.set(name, (table = { keyOf, lists: new Map() }));
  let list = table.lists.get(key);
  if (list === undefined) table.lists.set(key, (list = []));
  return list;
}

/** Where `subscription` is in a list, or would be. O(log n). */
function placeIn(list: readonly SubscriptionEntity[], { ordinal }: SubscriptionEntity): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const there = list[middle];
    if (there !== undefined && there.ordinal < ordinal) low = middle + 1;
    else high = middle;
  }
  return low;
}

function merged(
  left: readonly SubscriptionEntity[],
  right: readonly SubscriptionEntity[],
): readonly SubscriptionEntity[] {
  const all: SubscriptionEntity[] = [];
  let at = 0;
  for (const each of left) {
    for (let other = right[at]; other !== undefined && other.ordinal <= each.ordinal; other = right[at]) {
      if (other !== each) all.push(other);
      at += 1;
    }
    all.push(each);
  }
  return all.concat(right.slice(at));
}
