import { BrokerError } from "../../../adapters/memory/broker/broker-error.js";
import type { Namespace } from "../namespace.js";
import { ConfigError } from "./config-error.js";

/** Access keys, in base64, of Event Grid topics; none for topics that are open to everybody. */
export type TopicKeys = readonly string[];

/** One entity that a configuration or a contract asks for. */
export interface Declaration {
  readonly family: "queue, topic or hub" | "Event Grid topic";
  readonly name: string;
  /** Where it is written, for errors: `Config.json $.UserConfig.Namespaces[0].Queues[1]`. */
  readonly source: string;
  /** What it says, if two that say the same are one: contracts are shared. */
  readonly shape?: string;
  /** Makes the entity, not yet forwarding: the destination may come later. */
  create(namespace: Namespace, keys: TopicKeys): void;
  /** What needs the other entities. */
  connect?(namespace: Namespace): void;
}

/**
 * Makes the declared entities.
 *
 * @throws {ConfigError} if two declare one name, naming both; or for what the broker does not take
 */
export function applyDeclarations(
  namespace: Namespace,
  declarations: readonly Declaration[],
  keys: TopicKeys = [],
): void {
  const distinct = withoutRepetitions(declarations);
  for (const declaration of distinct) inContext(declaration, () => declaration.create(namespace, keys));
  for (const declaration of distinct) inContext(declaration, () => declaration.connect?.(namespace));
}

function withoutRepetitions(declarations: readonly Declaration[]): readonly Declaration[] {
  const known = new Map<string, Declaration>();
  for (const declaration of declarations) {
    const key = `${declaration.family} ${declaration.name.toLowerCase()}`;
    const other = known.get(key);
    if (other === undefined) known.set(key, declaration);
    else if (other.shape === undefined || other.shape !== declaration.shape) {
      throw new ConfigError(
        declaration.source,
        `declares "${declaration.name}", which ${other.source} declares too: ` +
          "all configurations and contracts share one namespace, so rename or remove one of them",
      );
    }
  }
  return [...known.values()];
}

function inContext({ source }: Declaration, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (error instanceof BrokerError) throw new ConfigError(source, `cannot be made: ${error.message}`);
    throw error;
  }
}
