import type { EventPosition, ReceivedEventData } from "@azure/event-hubs";
import type { Checkpoint } from "../../src/store/index.js";
import { WaybillError } from "../../src/transport/index.js";
import { behind, checkFirst, type Start } from "./start-position.js";

/** What came: events that follow what came before, and whether something between them and the rest is missing. */
export interface Sound {
  readonly events: readonly ReceivedEventData[];
  readonly hole: boolean;
}

/** How far one partition has come, by its sequence numbers, which follow one another. */
export class EventSequence {
  readonly #where: string;
  /** Until the first event has shown that the hub is still the one of the checkpoint. */
  #unchecked: Checkpoint | undefined;
  #last: number | undefined;
  /** The hub leaves out numbers by itself, so that a hole says nothing. */
  #sparse = false;

  /** `where` names the partition, for what is told. */
  constructor(where: string, { done, last }: Pick<Start, "done" | "last">) {
    this.#where = where;
    this.#unchecked = done;
    this.#last = last;
  }

  /** Of the last event that came, or before the first: everything behind it is still to come. Where a time decides nobody knows. */
  get last(): number | undefined {
    return this.#last;
  }

  /** Where to read on. */
  get position(): EventPosition {
    return behind(this.#last ?? -1);
  }

  /** Takes what came, without what is done; or says why the partition has to be read from its beginning. */
  take(events: readonly ReceivedEventData[]): Sound | WaybillError {
    const news = this.#checked(events);
    if (news instanceof WaybillError) return news;
    const sound = this.#sparse || this.#last === undefined ? news : withoutHole(news, this.#last + 1);
    this.#last = sound.at(-1)?.sequenceNumber ?? this.#last;
    return { events: sound, hole: sound.length < news.length };
  }

  /** Whether an event is the one of the checkpoint, which is read again. */
  isDone(sequenceNumber: number): boolean {
    return this.#unchecked !== undefined && Number(this.#unchecked.sequenceNumber) >= sequenceNumber;
  }

  /** Goes on behind that one. */
  pass(last: number): void {
    this.#unchecked = undefined;
    this.#last = last;
  }

  /** Is read from its beginning, wherever that is. */
  startOver(): void {
    this.#unchecked = undefined;
    this.#last = undefined;
  }

  /** Believes holes from now on. */
  becomeSparse(): void {
    this.#sparse = true;
  }

  #checked(events: readonly ReceivedEventData[]): readonly ReceivedEventData[] | WaybillError {
    const done = this.#unchecked;
    const [first] = events;
    if (done === undefined || first === undefined) return events;
    const found = checkFirst(this.#where, done, first);
    if (found === "later") return events;
    if (found instanceof WaybillError) return found;
    this.#unchecked = undefined;
    this.#last = Number(done.sequenceNumber);
    return found === "done" ? events.slice(1) : events;
  }
}

/** Those before the first whose number does not follow. */
function withoutHole(events: readonly ReceivedEventData[], first: number): readonly ReceivedEventData[] {
  const at = events.findIndex(({ sequenceNumber }, index) => sequenceNumber !== first + index);
  return at < 0 ? events : events.slice(0, at);
}
