import type { ChannelKind } from "../../contracts/channel.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { Capabilities } from "../../transport/capabilities.js";
import type { ConnectContext, Destination, MaybePromise, Transport } from "../../transport/transport.js";

/**
 * What an adapter can do beside its {@link Capabilities}: `durable` messages outlive the broker's restart,
 * `credentials` can be restricted and expire, `cancelSchedule` takes back a scheduled message, `sessionState` is kept
 * with a session, `claimCheck` carries the extensions that say where data is and what it must be.
 */
export type Extra = "durable" | "credentials" | "cancelSchedule" | "sessionState" | "claimCheck";

/** An adapter, as the conformance kit meets it. */
export interface ConformanceAdapter {
  /** The name of its folder in `adapters/`. */
  readonly name: string;
  /** What its transport declares. */
  readonly capabilities: Capabilities;
  readonly extras: readonly Extra[];
  /** How many messages are many. Default 5,000; fewer, but hundreds, where each costs requests of its own. */
  readonly many?: number;
  /** How many behaviours are tried at a time, where the clock is real and most of them wait. Default 1. */
  readonly together?: number;
  /** Its entities have names and nothing that a contract could contradict. */
  readonly plainEntities?: true;
  /** Opens a broker, or a corner of a shared one, for one behaviour, which may have to stop the broker. */
  open(behaviour: { readonly stopsBroker: boolean }): MaybePromise<ConformanceWorld>;
  /** Ends what all behaviours shared. */
  close?(): MaybePromise<void>;
}

/** Where one behaviour is tried. */
export interface ConformanceWorld {
  /** A new transport to the same broker, as another process would have it. */
  transport(): Transport;
  /** The clock of everything: a virtual one is driven, a real one waited for. */
  readonly runtime: Runtime;
  /** Begins the name of every entity, so that runs do not meet. At most 12 characters. */
  readonly uniquePrefix: string;
  /** Creates the entities that a connection will need, where the adapter itself assumes that they exist. */
  prepare?(context: Pick<ConnectContext, "destinations" | "sources">): MaybePromise<void>;
  /** The adapter's guard: whether `native` of a delivery is the service's own message. */
  isNative(kind: ChannelKind, native: unknown): boolean;
  /** Sends what a producer without Waybill would send. */
  sendForeign(to: Destination, message: ForeignMessage): MaybePromise<void>;
  /** How many physical connections are open, where that can be seen. */
  connections?(): number;
  /** Breaks the connection for real; the kit breaks it at the transport's door otherwise. */
  readonly faults?: ConformanceFaults;
  /** With `durable`: stops the broker and starts it again with what it had stored. */
  restart?(): MaybePromise<void>;
  /** Lets the broker drop what it retains of streams though it was read, where it lives in this process. */
  dropRetained?(): MaybePromise<void>;
  /** With `credentials`. */
  readonly credentials?: ConformanceCredentials;
  close?(): MaybePromise<void>;
}

/** A message of a foreign producer, in the service's own words. */
export interface ForeignMessage {
  readonly id: string;
  readonly body: Uint8Array;
  readonly contentType?: string;
  readonly subject?: string;
  readonly key?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** Faults of the way to the broker. */
export interface ConformanceFaults {
  /** Nothing gets through, what is open breaks. */
  outage(): MaybePromise<void>;
  restore(): MaybePromise<void>;
}

/** Transports of restricted identities. */
export interface ConformanceCredentials {
  sendOnly(): Transport;
  listenOnly(): Transport;
  /** Lets the token of every open connection expire; a new one can be had. */
  expire(): MaybePromise<void>;
}
