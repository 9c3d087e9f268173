import type { Recorded } from "../history.js";
import type { Schedule } from "../simulate.js";

export type Of<K extends Recorded["kind"]> = Extract<Recorded, { readonly kind: K }>;

/** One run of a handler, as it was seen. */
export interface SeenRun {
  readonly started: Of<"started">;
  /** The delivery that it was for: the last one of its message that its process had received. */
  readonly delivery: Of<"received"> | undefined;
  effect: Recorded | undefined;
  aborted: Recorded | undefined;
  ended: Of<"ended"> | undefined;
}

/** A schedule, with its handler runs put together. */
export interface Seen {
  readonly schedule: Schedule;
  readonly history: readonly Recorded[];
  readonly runs: readonly SeenRun[];
  readonly runOf: ReadonlyMap<number, SeenRun>;
  /**
   * The happenings of some kinds, in order. To walk through all of them and look at their kinds is a good part of what
   * checking costs: they have thirty shapes.
   */
  of<K extends Recorded["kind"]>(...kinds: readonly K[]): readonly Of<K>[];
}

/** What a checker found: nothing, if the invariant held. */
export interface Check {
  readonly findings: readonly string[];
  /** Whether the schedule put the invariant to the test at all. */
  readonly exercised: boolean;
}

export type Checker = (seen: Seen) => Check;

/** Puts the happenings of each run together. */
export function seenOf(schedule: Schedule): Seen {
  const { history } = schedule;
  const of = sorted(history);
  const runOf = new Map<number, SeenRun>();
  const received = new Map<string, Of<"received">>();
  for (const each of of("received", "started", "effect", "aborted", "ended")) {
    switch (each.kind) {
      case "received":
        received.set(nameOf(each), each);
        break;
      case "started": {
        const delivery = received.get(nameOf(each));
        runOf.set(each.run, {
          started: each,
          delivery,
          effect: undefined,
          aborted: undefined,
          ended: undefined,
        });
        break;
      }
      case "effect":
        set(runOf.get(each.run), "effect", each);
        break;
      case "aborted":
        set(runOf.get(each.run), "aborted", each);
        break;
      case "ended":
        set(runOf.get(each.run), "ended", each);
        break;
    }
  }
  return { schedule, history, runs: [...runOf.values()], runOf, of };
}

/** Looks at the kind of each happening once; afterwards kinds are numbers. */
function sorted(history: readonly Recorded[]): Seen["of"] {
  const numbers = new Map<Recorded["kind"], number>();
  const kindAt = new Uint8Array(history.length);
  for (let index = 0; index < history.length; index += 1)
    kindAt[index] = at(numbers, history[index]!.kind, () => numbers.size);
  return <K extends Recorded["kind"]>(...kinds: readonly K[]): readonly Of<K>[] => {
    const wanted = new Uint8Array(numbers.size);
    for (const kind of kinds) {
      const number = numbers.get(kind);
      if (number !== undefined) wanted[number] = 1;
    }
    const found: Of<K>[] = [];
    for (let index = 0; index < kindAt.length; index += 1)
      if (wanted[kindAt[index]!] === 1) found.push(history[index] as Of<K>);
    return found;
  };
}

/** Ids alone may be used twice, and a message may come again before its last delivery is heard of. */
const nameOf = (each: Of<"received"> | Of<"started">): string =>
  `${each.process} ${each.channel} ${each.id} ${each.partition ?? ""} ${each.sequence} ${each.deliveryCount}`;

function set<K extends "effect" | "aborted" | "ended">(
  run: SeenRun | undefined,
  what: K,
  value: SeenRun[K],
): void {
  if (run !== undefined) run[what] = value;
}

/** The value of a key, made when it is not there yet. */
export function at<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** The key by which the store knows the message of a run. */
export const keyOf = ({ source, id }: Of<"started">): string =>
  `${source.length}:${source}${id.length}:${id}`;

/** Whether a broker id is that of a second original, not of a retry copy: copies have no blank in theirs. */
export const isOriginal = ({ brokerId }: Of<"accepted">): boolean =>
  brokerId === undefined || brokerId.includes(" ");

/** Whether the consumer of a channel remembers what it has handled. */
export const isIdempotent = ({ schedule }: Seen, channel: string): boolean => {
  const { idempotent } = schedule.swarm;
  return channel === "jobs" ? idempotent.jobs : channel === "orders" ? idempotent.orders : idempotent.sales;
};
