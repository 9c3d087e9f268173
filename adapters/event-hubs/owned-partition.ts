import type { ReceivedEventData } from "@azure/event-hubs";
import { WaybillError, within } from "../../src/transport/index.js";
import { EventSequence } from "./event-sequence.js";
import { examine, type Finding } from "./examine.js";
import { endsOf } from "./partition-ends.js";
import { expired, stuck, undecodable } from "./partition-problems.js";
import type { OwnedPartitionParts, PartitionHost, Reading } from "./partition-host.js";
import { PartitionReader } from "./partition-reader.js";
import { earliest, type Start } from "./start-position.js";
import { Tenure } from "./tenure.js";
import { unreadable } from "./unreadable-event.js";

/**
 * One partition that this process owns: how it is read, and whether it gets on.
 *
 * The SDK falls silent, without an error, when its connection breaks, and at an event whose bytes it cannot decode: that one
 * takes down the connection each time it comes. Until the connection is down the SDK goes on with what comes behind, so that
 * the event may also be left out, without a word: sequence numbers have a hole then.
 *
 * So a partition that is silent though the hub has more, or that has a hole, is doubted: it is read again over a new link.
 * If that does not help reading is suspended, which spares the others of the connection, and the next event is examined, at
 * each look, until it is known what it is. An undecodable one is handed out as that, and passed.
 */
export class OwnedPartition implements Reading {
  readonly tenure: Tenure;
  readonly reader: PartitionReader;
  readonly #parts: OwnedPartitionParts;
  readonly #host: PartitionHost;
  readonly #batch: number;
  readonly #sequence: EventSequence;
  #silences = 0;
  #watches = 0;
  #watching = false;
  /** How much the next event is doubted; `suspended`: it is not read until it is known what it is. */
  #doubt: "none" | "doubted" | "suspended" = "none";
  /** Nothing that was tried brought it on. */
  #stuck = false;

  constructor(parts: OwnedPartitionParts, start: Start, host: PartitionHost) {
    const { client, partition, perLane, prefetch, silenceMs, deadline, closing } = parts;
    this.#parts = parts;
    this.#host = host;
    this.#sequence = new EventSequence(parts.where, start);
    this.#batch = Math.ceil(perLane / 2);
    this.tenure = new Tenure(partition);
    this.reader = new PartitionReader(client, partition, start.position, {
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

  /** Whether it is being found out why nothing comes. That ends by itself, and is not to be disturbed. */
  get examining(): boolean {
    return this.#doubt !== "none" && (this.#watching || !this.#stuck);
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
    const { deadline, silenceMs } = this.#parts;
    this.reader.restartIfMute(deadline.operationMs + silenceMs);
    const { last } = this.#sequence;
    if (last === undefined) return;
    if (this.#doubt === "suspended") {
      await this.#examine(last + 1);
      return;
    }
    if (this.#silences < silencesBeforeDoubt || this.tenure.open.size > 0) return;
    this.#watches += 1;
    if (this.#watches % watchesPerQuestion !== 1) return;
    const ends = await endsOf(this.#parts);
    if (this.tenure.ended || this.#silences === 0 || ends.lastEnqueuedSequenceNumber <= last) return;
    this.#doubtNext();
  }

  /** Names the first event that it was not given although nothing of it is here; nothing if there is none. */
  async behind(): Promise<string | undefined> {
    const { client, partition, where, deadline } = this.#parts;
    const { last } = this.#sequence;
    if (this.tenure.open.size > 0 || last === undefined) return undefined;
    // Of a silence that the SDK tells of this looks after itself, unless it is at its wits' end.
    if (this.#silences > 0 && !this.#stuck) return undefined;
    const ends = await within(deadline, `cannot look at ${where}`, () =>
      client.getPartitionProperties(partition),
    );
    if (this.tenure.ended || this.#sequence.last !== last || ends.lastEnqueuedSequenceNumber <= last)
      return undefined;
    return `${partition}/${String(last + 1)}`;
  }

  async #events(events: readonly ReceivedEventData[]): Promise<void> {
    const { tenure } = this;
    tenure.seen.lastHeardMs = this.#parts.deadline.runtime.now();
    if (events.length === 0) {
      this.#silences += 1;
      if (this.#doubt === "doubted") this.#doubtNext();
      return;
    }
    this.#silences = 0;
    const took = this.#sequence.take(events);
    if (took instanceof WaybillError) {
      await this.#host.startOver(took);
      this.#sequence.startOver();
      if (!tenure.ended) void this.reader.restart(earliest);
      return;
    }
    if (took.events.length > 0) {
      this.#getsOn();
      this.#doubt = "none";
      this.#host.arrived(tenure, took.events);
    }
    await tenure.room(this.#parts.perLane - this.#batch);
    // What is behind the hole is read again, behind what is in it.
    if (took.hole && !tenure.ended) this.#doubtNext();
  }

  /** First reads over a new link; then no more, until it is known what the next event is. */
  #doubtNext(): void {
    this.#silences = 0;
    if (this.#doubt === "none") {
      this.#doubt = "doubted";
      void this.reader.restart(this.#sequence.position);
    } else {
      this.#doubt = "suspended";
      void this.reader.stop();
    }
  }

  async #examine(next: number): Promise<void> {
    await this.reader.stop();
    let found: Finding | undefined;
    try {
      found = await examine(next, this.#parts);
      if (!this.tenure.ended) await this.#found(found, next);
    } finally {
      // What is unknown is examined again. Who could not be asked is read, which shows when he can.
      if (!this.tenure.ended && found?.kind !== "unknown") {
        this.#doubt = "none";
        void this.reader.restart(this.#sequence.position);
      }
    }
  }

  async #found(found: Finding, next: number): Promise<void> {
    const { where } = this.#parts;
    if (found.kind === "absent") {
      await this.#absent(next, found.from);
      return;
    }
    if (found.kind === "undecodable") {
      this.#host.tell(undecodable(where, next));
      const isDone = this.#sequence.isDone(next);
      this.#sequence.pass(next);
      this.#getsOn();
      if (!isDone) this.#host.arrived(this.tenure, [unreadable(next, found.next)]);
      return;
    }
    // Also if others can read it: then it is the client.
    const told = this.#stuck;
    this.#stuck = true;
    this.tenure.seen.failure = `silent behind sequence number ${String(next - 1)}`;
    if (found.kind === "unknown" && !told) this.#host.tell(stuck(where, next));
  }

  /** Numbers that are not there have expired, or the hub leaves some out: one that is compacted does. */
  async #absent(next: number, from: number): Promise<void> {
    const { where } = this.#parts;
    const { beginningSequenceNumber: begin } = await endsOf(this.#parts);
    if (this.tenure.ended) return;
    const first = this.#sequence.isDone(next) ? next + 1 : next;
    if (begin > first) this.#host.tell(expired(where, first, Math.min(begin, from)));
    else this.#sequence.becomeSparse();
    this.#sequence.pass(from - 1);
    this.#getsOn();
  }

  #getsOn(): void {
    this.#watches = 0;
    this.#stuck = false;
    this.tenure.seen.failure = undefined;
  }
}

/** Times in a row that the SDK said there was nothing, before the hub is asked whether that is so. */
const silencesBeforeDoubt = 3;

/** An idle partition is asked about once in so many watches. */
const watchesPerQuestion = 6;
