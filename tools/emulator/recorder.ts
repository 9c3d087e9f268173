import type { AmqpError, Connection, DeliveryState } from "./amqp/engine/engine.js";
import type { EmulatorClock } from "./clock.js";
import type { WatchedLink, Witness } from "./watch/witness.js";

/** Something that an AMQP client did, or that was done to it. */
export type RecordedEvent = RecordedConnectionEvent | RecordedLinkEvent;

interface RecordedBase {
  /** From 1, without gaps; also of events that are no longer kept. */
  readonly number: number;
  /** In the emulator's time, milliseconds since 1970. */
  readonly atMs: number;
  /** Names the connection, unique in this process. */
  readonly connection: string;
}

export interface RecordedConnectionEvent extends RecordedBase {
  readonly type: "connected" | "disconnected";
  /** What the client called the emulator. */
  readonly host: string | undefined;
  readonly container: string;
}

export interface RecordedLinkEvent extends RecordedBase {
  /**
   * `attached` and `refused`: what became of a link. `sent`: the client sent a message or a batch; `answered`: what it was
   * told of it. `delivered`: it got a message; `settled`: what it said of it. `detached`: the link ended.
   */
  readonly type: "attached" | "refused" | "sent" | "answered" | "delivered" | "settled" | "detached";
  readonly role: "sender" | "receiver";
  /** As the client wrote it: `orders`, `$cbs`, `orders/$management`. */
  readonly address: string;
  /** Of `sent` and `delivered`: the encoded message or batch. */
  readonly bytes?: number;
  /** Of `answered` and `settled`: the AMQP outcome. */
  readonly outcome?: DeliveryState["type"];
  /** Of `detached`: who ended the link, or its connection. */
  readonly by?: "client" | "emulator";
  /** Of `refused`, `detached` and a rejection: the AMQP condition. */
  readonly condition?: string;
}

export interface RecordedFilter {
  readonly type?: RecordedEvent["type"];
  /** Exactly this address, in whatever letter case. */
  readonly address?: string;
}

/** What each client did, in order. Keeps the latest events, in a bounded memory. */
export interface Recorder {
  /** The events that are kept, oldest first. */
  recorded(filter?: RecordedFilter): readonly RecordedEvent[];
  /** The same, one line each, for a person to read. */
  text(filter?: RecordedFilter): string;
  /** How many events there were, kept or not. */
  readonly count: number;
  clear(): void;
}

/** Records the latest `limit` events. */
export class EventRecorder implements Recorder, Witness {
  readonly #clock: EmulatorClock;
  readonly #limit: number;
  #events: RecordedEvent[] = [];
  #count = 0;

  constructor(clock: EmulatorClock, limit: number) {
    this.#clock = clock;
    this.#limit = limit;
  }

  get count(): number {
    return this.#count;
  }

  recorded(filter: RecordedFilter = {}): readonly RecordedEvent[] {
    const address = filter.address?.toLowerCase();
    return this.#events
      .slice(-this.#limit)
      .filter((event) => filter.type === undefined || event.type === filter.type)
      .filter(
        (event) => address === undefined || ("address" in event && event.address.toLowerCase() === address),
      );
  }

  text(filter?: RecordedFilter): string {
    return this.recorded(filter).map(lineOf).join("\n");
  }

  clear(): void {
    this.#events = [];
    this.#count = 0;
  }

  connected(connection: Connection): void {
    this.#keep({ ...this.#base(connection), type: "connected", ...clientOf(connection) });
  }

  disconnected(connection: Connection): void {
    this.#keep({ ...this.#base(connection), type: "disconnected", ...clientOf(connection) });
  }

  attached(link: WatchedLink): void {
    this.#link(link, { type: "attached" });
  }

  refused(link: WatchedLink, { condition }: AmqpError): void {
    this.#link(link, { type: "refused", condition });
  }

  detached(link: WatchedLink, by: "client" | "emulator", error: AmqpError | undefined): void {
    this.#link(link, {
      type: "detached",
      by,
      ...(error === undefined ? {} : { condition: error.condition }),
    });
  }

  sent(link: WatchedLink, bytes: number): void {
    this.#link(link, { type: "sent", bytes });
  }

  answered(link: WatchedLink, state: DeliveryState): void {
    this.#link(link, { type: "answered", ...outcomeOf(state) });
  }

  delivered(link: WatchedLink, bytes: number): void {
    this.#link(link, { type: "delivered", bytes });
  }

  settled(link: WatchedLink, state: DeliveryState): void {
    this.#link(link, { type: "settled", ...outcomeOf(state) });
  }

  #link(link: WatchedLink, event: Omit<RecordedLinkEvent, keyof RecordedBase | "role" | "address">): void {
    const { connection, role, address } = link;
    this.#keep({ ...this.#base(connection), ...event, role, address });
  }

  #base({ id }: Connection): RecordedBase {
    this.#count += 1;
    return { number: this.#count, atMs: this.#clock.now(), connection: id };
  }

  #keep(event: RecordedEvent): void {
    this.#events.push(event);
    // In one go now and then: shifting each time would cost the whole length.
    if (this.#events.length >= 2 * this.#limit + 16) this.#events = this.#events.slice(-this.#limit);
  }
}

const clientOf = ({
  hostname,
  containerId,
}: Connection): Pick<RecordedConnectionEvent, "host" | "container"> => ({
  host: hostname,
  container: containerId,
});

function outcomeOf(state: DeliveryState): Pick<RecordedLinkEvent, "outcome" | "condition"> {
  const error = state.type === "rejected" ? state.error : undefined;
  return { outcome: state.type, ...(error === undefined ? {} : { condition: error.condition }) };
}

function lineOf(event: RecordedEvent): string {
  const at = new Date(event.atMs).toISOString().slice(11, 23);
  const start = `${String(event.number).padStart(5)} ${at} ${event.connection}`;
  if (!("role" in event)) {
    return `${start} ${event.type} ${event.container}${event.host === undefined ? "" : ` to ${event.host}`}`;
  }
  const { type, role, address, bytes, outcome, by, condition } = event;
  const details = [
    bytes === undefined ? undefined : `${bytes} bytes`,
    outcome,
    by === undefined ? undefined : `by the ${by}`,
    condition,
  ].filter((each) => each !== undefined);
  return printable([start, role, type, JSON.stringify(address), ...details].join(" "));
}

/** Addresses and conditions come from outside: a terminal is not to obey them. */
const printable = (text: string): string => text.replace(/\p{Cc}/gu, "\u{fffd}");
