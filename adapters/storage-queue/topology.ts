import { WaybillError, type ConnectContext, type Deadline } from "../../src/transport/index.js";
import type { Clients } from "./queue.js";
import type { Settings } from "./transport.js";

/**
 * Looks at the queues that a service needs, or makes them, as the options say.
 * @throws {WaybillError} `notFound` for a queue that `verify` misses, `unauthorized` if the identity may not look or create.
 */
export async function checkTopology(
  clients: Clients,
  settings: Settings,
  context: ConnectContext,
  deadline: Deadline,
): Promise<void> {
  if (settings.topology === "assume") return;
  for (const name of queueNames(settings, context)) {
    await clients
      .queue(name, deadline)
      .ask<unknown>(`cannot ${settings.topology} queue "${name}"`, (queue) =>
        settings.topology === "ensure" ? queue.createIfNotExists() : queue.getProperties(),
      );
  }
}

/**
 * Every queue that a service needs, its poison queues included.
 * @throws {WaybillError} `invalidOption` for a name that the service cannot have [Naming Queues and Metadata].
 */
export function queueNames({ poisonQueue }: Settings, context: ConnectContext): ReadonlySet<string> {
  const names = new Set([
    ...context.destinations.map(({ address }) => address),
    ...context.sources.flatMap(({ address }) => [address, poisonQueue(address)]),
  ]);
  for (const name of names) {
    if (/^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) continue;
    throw new WaybillError(
      "invalidOption",
      `"${name}" cannot be a storage queue: names have 3 to 63 lower-case letters, digits and single dashes. ` +
        "Give run() an address that spells it so",
    );
  }
  return names;
}
