import type { AmqpError, Connection, DeliveryState } from "../amqp/engine/engine.js";

/** A link, as its client sees it. */
export interface WatchedLink {
  /** Unique in this emulator. */
  readonly id: number;
  readonly connection: Connection;
  readonly name: string;
  /** What the client is. */
  readonly role: "sender" | "receiver";
  /** As the client wrote it, with slashes and scheme; empty if it named none. */
  readonly address: string;
}

/** Hears what clients do, as it happens. Must not throw, and must not call the engine. */
export interface Witness {
  connected(connection: Connection): void;
  disconnected(connection: Connection): void;
  attached(link: WatchedLink): void;
  refused(link: WatchedLink, error: AmqpError): void;
  detached(link: WatchedLink, by: "client" | "emulator", error: AmqpError | undefined): void;
  /** The client sent a message, or several in one (`format`). */
  sent(link: WatchedLink, bytes: number, format: number): void;
  /** What it was told of what it sent. */
  answered(link: WatchedLink, state: DeliveryState): void;
  /** A message went to the client. */
  delivered(link: WatchedLink, bytes: number): void;
  /** What the client said of it. */
  settled(link: WatchedLink, state: DeliveryState): void;
}

/** Interferes with links. */
export interface LinkControl {
  /** Refuses a link before the service sees it. */
  refusal(link: WatchedLink): AmqpError | undefined;
  /** Keeps credit from a client that sends. */
  withholds(link: WatchedLink): boolean;
}
