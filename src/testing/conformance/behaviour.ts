import type { ChannelKind, Need } from "../../contracts/channel.js";
import type { ReceiverFeatures } from "../../transport/capabilities.js";
import type { Extra } from "./harness.js";
import type { Kit } from "./kit.js";

/** The sections of the catalogue: one subject each. */
export const sections = {
  A: "Open, address, life cycle",
  B: "Send",
  C: "Receive and settle",
  D: "Delivery count, locks, visibility",
  E: "Concurrency, prefetch, back-pressure",
  F: "Topics, groups, filters",
  G: "Ordering, sessions, partitions",
  H: "Streams",
  I: "Scheduling and expiry",
  J: "Dead letter and redrive",
  K: "Payload and metadata fidelity",
  L: "Error path and recoverability",
  M: "Shutdown",
  N: "Faults",
  O: "Observability",
  P: "Stores",
} as const;

export type Section = keyof typeof sections;

/** Something that an adapter declares, for every kind of channel or for one. */
export type Token = Need | `${ChannelKind}:${keyof ReceiverFeatures}` | Extra;

/** What a behaviour needs, said for whichever kind of channel it is tried on. */
export type Gate = Extra | "ordered" | "scheduling" | "dedup" | keyof ReceiverFeatures;

/**
 * One behaviour of the catalogue, as data.
 *
 * It is tried on each of its kinds of channel that the adapter has. Where the adapter declares none of them, or not
 * what the gates ask for, the negative twin is tried instead: a typed error, and nothing sent.
 */
export interface Behaviour {
  readonly number: number;
  readonly name: string;
  readonly section: Section;
  /** Whether it looks at the transport alone, or at the core on the transport. */
  readonly tests: "transport" | "core";
  readonly kinds: readonly ChannelKind[];
  readonly gates: readonly Gate[];
  /** On the first kind that can, not on all: for what takes long. */
  readonly once?: true;
  /** It stops the broker: nothing else can be tried on it meanwhile. */
  readonly stopsBroker?: true;
  readonly body: (kit: Kit) => Promise<void>;
  /** Default: the twin of what is missing (see `twins.ts`). */
  readonly twin?: (kit: Kit) => Promise<void>;
}

/** A behaviour that enters the kit with the feature that it tests. */
export interface NotYet {
  readonly number: number;
  readonly name: string;
  readonly section: Section;
  readonly waitsFor: string;
}

export const anyKind: readonly ChannelKind[] = ["queue", "topic", "stream", "notifications"];
/** A message can be put back to where it came from. */
export const putBackKinds: readonly ChannelKind[] = ["queue", "topic", "notifications"];
export const brokeredKinds: readonly ChannelKind[] = ["queue", "topic"];
/** Every group of readers gets each message. */
export const fanOutKinds: readonly ChannelKind[] = ["topic", "stream", "notifications"];
/** Order holds per key. */
export const orderedKinds: readonly ChannelKind[] = ["queue", "topic", "stream"];

type Details = Partial<Pick<Behaviour, "kinds" | "gates" | "once" | "stopsBroker" | "twin">>;

/** Makes the constructors of one section's behaviours. */
export function behavioursOf(section: Section): {
  readonly transport: (number: number, name: string, details: Details, body: Behaviour["body"]) => Behaviour;
  readonly core: (number: number, name: string, details: Details, body: Behaviour["body"]) => Behaviour;
} {
  const of =
    (tests: Behaviour["tests"]) =>
    (number: number, name: string, details: Details, body: Behaviour["body"]): Behaviour => ({
      number,
      name,
      section,
      tests,
      kinds: anyKind,
      gates: [],
      ...details,
      body,
    });
  return { transport: of("transport"), core: of("core") };
}
