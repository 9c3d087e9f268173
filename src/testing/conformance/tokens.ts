import type { ChannelKind, Need } from "../../contracts/channel.js";
import type { Capabilities, ReceiverFeatures } from "../../transport/capabilities.js";
import type { Behaviour, Gate, Token } from "./behaviour.js";
import type { Extra } from "./harness.js";

/** The need of a kind of channel. */
export const needOf: Readonly<Record<ChannelKind, Need>> = {
  queue: "queues",
  topic: "topics",
  stream: "streams",
  notifications: "notifications",
};

/** Everything that an adapter declares. */
export function declaredTokens(capabilities: Capabilities, extras: readonly Extra[]): ReadonlySet<Token> {
  const tokens = new Set<Token>(extras);
  for (const need of Object.keys(capabilities.needs) as Need[]) tokens.add(need);
  for (const [kind, features] of Object.entries(capabilities.receivers) as [
    ChannelKind,
    ReceiverFeatures,
  ][]) {
    for (const [feature, has] of Object.entries(features) as [keyof ReceiverFeatures, boolean][])
      if (has) tokens.add(`${kind}:${feature}`);
  }
  return tokens;
}

/** What a behaviour needs of an adapter when it is tried on this kind of channel. */
export const tokensOf = (behaviour: Pick<Behaviour, "gates">, kind: ChannelKind): readonly Token[] => [
  needOf[kind],
  ...behaviour.gates.map((gate) => tokenOf(gate, kind)),
];

function tokenOf(gate: Gate, kind: ChannelKind): Token {
  switch (gate) {
    case "durable":
    case "credentials":
    case "cancelSchedule":
    case "sessionState":
    case "claimCheck":
      return gate;
    case "ordered":
      return kind === "queue" || kind === "topic" ? `${pluralOf(kind)}:sessions` : needOf[kind];
    case "scheduling":
    case "dedup":
      return kind === "queue" || kind === "topic" ? `${pluralOf(kind)}:${gate}` : needOf[kind];
    default:
      return `${kind}:${gate}`;
  }
}

const pluralOf = (kind: "queue" | "topic"): "queues" | "topics" => (kind === "queue" ? "queues" : "topics");
