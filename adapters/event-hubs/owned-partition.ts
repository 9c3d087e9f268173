import type { EventHubConsumerClient, ReceivedEventData } from "@azure/event-hubs";
import type { Checkpoint } from "../../src/store/index.js";
import { within, WaybillError, type Deadline } from "../../src/transport/index.js";
import { firstBehind, unreadable } from "./isolate.js";
import { PartitionReader } from "./partition-reader.js";
import { checkFirst, earliest, type Start } from "./start-position.js";
import { Tenure } from "./tenure.js";

/** What an owned partition stands on. */
export interface OwnedPartitionParts {
  readonly client: EventHubConsumerClient;
  /** Makes another client, with a connection of its own. */
  readonly another: () => EventHubConsumerClient;
  readonly partition: string;
  /** Names it, for what is told. */
  readonly where: string;
  readonly perLane: number;
  readonly prefetch: number;
  readonly silenceMs: number;
  readonly deadline: Deadline;
  readonly closing: Deadline;
}

/** Who reads it. */
export interface PartitionHost {
  arrived(tenure: Tenure, events: readonly ReceivedEventData[]): void;
  /** The stored checkpoint is of no use any more. */
  startOver(problem: WaybillError): Promise<void>;
  /** Something to be told, while reading goes on. */
  tell(problem: WaybillError): void;
  /** It is not read until it is started again. */
  failed(owned: OwnedPartition, error: unknown): void;
}

/**
 * One partition that this process owns: how it is read, and whether it gets on.
 *
 * The SDK falls silent, without an error, when its connection breaks, and for ever at an event whose bytes it cannot decode:
 * that one takes down the connection each time it comes. So a partition that is silent though the hub has more is read
 * over a new link; if that does not help, and what lies behind the next event can be read, that one is handed out as
 * undecodable and passed.
 */
export class OwnedPartition {
  readonly tenure: Tenure;
  readonly reader: PartitionReader;
  readonly #parts: OwnedPartitionParts;
  readonly #host: PartitionHost;
  readonly #batch: number;
  /** Until the first event has shown that the hub is still the one of the checkpoint. */
  #unchecked: Checkpoint | undefined;
  /** Of the last event that came, or before the first: everything behind it is still to come. */
  #last: number | undefined;
  #silences = 0;
  #watches = 0;
  #suspicions = 0;
  #watching = false;
  /** Nothing that was tried brought it on. */
  #stuck = false;

  constructor(parts: OwnedPartitionParts, { position, done, last }: Start, host: PartitionHost) {
    const { client, partition, perLane, prefetch, silenceMs, deadline, closing } = parts;
    this.#parts = parts;
    this.#host = host;
    this.#unchecked = done;
    this.#last = last;
    this.#batch = Math.ceil(perLane / 2);
    this.tenure = new Tenure(partition);
    this.reader = new PartitionReader(client, partition, position, {
      runtime: deadline.runtime,
      closing,
      options: { batch: this.#batch, prefetch, silenceMs },
      sink: {
        events: (events) => this.#events(events),
        failed: (error) => {
          host.failed(this, error);
        },
      },
    });
  }

  /** Looks whether it gets on, if it was silent for a while. To be called now and then; one look at a time. */
  async watch(): Promise<void> {
    // A second look would come to the same conclusion, and pass the event behind.
    if (this.#watching) return;
    this.#watching = true;
    try {
      await this.#watch();
    } finally {
      this.#watching = false;
    }
  }

  async #watch(): Promise<void> {
    const { client, partition, where, deadline } = this.#parts;
    if (this.#silences < silencesBeforeDoubt || this.tenure.open.size > 0 || this.#last === undefined) return;
    this.#watches += 1;
    if (this.#suspicions === 0 && this.#watches % watchesPerQuestion !== 1) return;
    const ends = await within(deadline, `cannot look at ${where}`, () =>
      client.getPartitionProperties(partition),
    );
    if (this.tenure.ended || this.#silences === 0) return;
    if (ends.lastEnqueuedSequenceNumber <= this.#last) this.#suspicions = 0;
    else await this.#doubt(this.#last + 1);
  }

  /** Names the first event that it was not given although nothing of it is here; nothing if there is none. */
  async behind(): Promise<string | undefined> {
    const { client, partition, where, deadline } = this.#parts;
    if (this.tenure.open.size > 0 || this.#last === undefined) return undefined;
    // Of a silence that the SDK tells of this looks after itself, unless it is at its wits' end.
    if (this.#silences > 0 && !this.#stuck) return undefined;
    const last = this.#last;
    const ends = await within(deadline, `cannot look at ${where}`, () =>
      client.getPartitionProperties(partition),
    );
    if (this.tenure.ended || this.#last !== last || ends.lastEnqueuedSequenceNumber <= last) return undefined;
    return `${partition}/${String(last + 1)}`;
  }

  async #events(events: readonly ReceivedEventData[]): Promise<void> {
    const { tenure } = this;
    const last = events.at(-1);
    this.#silences = last === undefined ? this.#silences + 1 : 0;
    tenure.seen.lastHeardMs = this.#parts.deadline.runtime.now();
    if (last === undefined) return;
    const news = await this.#checked(events);
    if (news === undefined) return;
    this.#suspicions = 0;
    this.#watches = 0;
    this.#stuck = false;
    this.#last = last.sequenceNumber;
    tenure.seen.failure = undefined;
    this.#host.arrived(tenure, news);
    await tenure.room(this.#parts.perLane - this.#batch);
  }

  /** Those that are new; nothing if the partition is read anew from its beginning. */
  async #checked(events: readonly ReceivedEventData[]): Promise<readonly ReceivedEventData[] | undefined> {
    const done = this.#unchecked;
    const [first] = events;
    if (done === undefined || first === undefined) return events;
    const found = checkFirst(this.#parts.where, done, first);
    if (typeof found !== "string" && found.again) {
      await this.#host.startOver(found.problem);
      this.#unchecked = undefined;
      this.#last = undefined;
      void this.reader.restart(earliest);
      return undefined;
    }
    this.#unchecked = undefined;
    if (typeof found !== "string") this.#host.tell(found.problem);
    return found === "done" ? events.slice(1) : events;
  }

  async #doubt(next: number): Promise<void> {
    const { where } = this.#parts;
    this.#suspicions += 1;
    // Whoever reads it next has as much time to be heard of.
    this.#silences = 0;
    const here = { sequenceNumber: next - 1, isInclusive: false };
    if (this.#suspicions === 1) {
      void this.reader.restart(this.#last === -1 ? earliest : here);
      return;
    }
    await this.reader.stop();
    const found = await this.#examine(next);
    if (this.tenure.ended || this.#last !== next - 1) return;
    if (found === "readable") {
      this.#suspicions = 0;
      this.reader.start();
      return;
    }
    if (found === "stuck") {
      this.#stuck = true;
      this.tenure.seen.failure = `silent behind sequence number ${String(next - 1)}`;
      this.#host.tell(stuck(where, next));
      this.reader.start();
      return;
    }
    const behind = found;
    const passed = this.#unchecked !== undefined && Number(this.#unchecked.sequenceNumber) >= next;
    this.#unchecked = undefined;
    this.#last = next;
    this.#suspicions = 0;
    this.#host.tell(undecodable(where, next));
    if (!passed) this.#host.arrived(this.tenure, [unreadable(next, behind)]);
    void this.reader.restart({ sequenceNumber: next, isInclusive: false });
  }

  /**
   * What the next event is: one that can be read after all; or one that cannot, twice, while in between the one behind it
   * could: then that one. Each try is over a connection of its own.
   */
  async #examine(next: number): Promise<"readable" | "stuck" | ReceivedEventData> {
    const { partition, silenceMs, closing, another } = this.#parts;
    const waitMs = Math.max(leastWaitMs, 3 * silenceMs);
    const read = (behind: number): Promise<ReceivedEventData | undefined> =>
      firstBehind(another(), partition, behind, { waitMs, closing });
    if ((await read(next - 1)) !== undefined) return "readable";
    const behind = await read(next);
    if (behind === undefined) return "stuck";
    return (await read(next - 1)) === undefined ? behind : "readable";
  }
}

/** The least for which an event is waited for, in milliseconds: on a busy machine a healthy one takes its time too. */
const leastWaitMs = 1_000;

/** Times in a row that the SDK said there was nothing, before the hub is asked whether that is so. */
const silencesBeforeDoubt = 3;

/** An idle partition is asked about once in so many watches. */
const watchesPerQuestion = 6;

const stuck = (where: string, next: number): WaybillError =>
  new WaybillError(
    "transportFailed",
    `${where} does not get on: the hub has an event with sequence number ${String(next)}, and the service's client does ` +
      "not give it, over a new link either",
  );

const undecodable = (where: string, next: number): WaybillError =>
  new WaybillError(
    "undecodable",
    `${where} has an event with sequence number ${String(next)} at which the service's client loses its connection: it is ` +
      "passed, and stays in the hub for as long as that retains events",
    { class: "transient" },
  );
