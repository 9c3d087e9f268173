import type { Measured, Sample } from "./sample.js";

/** A straight line through samples, by Theil and Sen: one reading that is off does not turn it. */
export interface Slope {
  /** Per unit of x: the median of the slopes between every two samples. */
  readonly slope: number;
  /** It is that much at least, and that much at most, in 95 of 100 runs. */
  readonly least: number;
  readonly most: number;
}

type Point = readonly [x: number, y: number];

/** @throws {RangeError} for less than two samples of different x */
export function slopeOf(points: readonly Point[]): Slope {
  const slopes = points
    .flatMap(([x, y], at) => points.slice(at + 1).map((later): Point => [later[0] - x, later[1] - y]))
    .filter(([run]) => run !== 0)
    .map(([run, rise]) => rise / run)
    .sort((left, right) => left - right);
  if (slopes.length === 0) throw new RangeError("a slope needs two samples");
  const at = (index: number): number => slopes[Math.max(0, Math.min(slopes.length - 1, index))] ?? 0;
  const middle = (slopes.length - 1) / 2;
  const count = points.length;
  // How far Kendall's score is from zero by chance (Sen 1968).
  const chance = 1.96 * Math.sqrt((count * (count - 1) * (2 * count + 5)) / 18);
  return {
    slope: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    least: at(Math.floor((slopes.length - chance) / 2)),
    most: at(Math.ceil((slopes.length + chance) / 2)),
  };
}

/** KB that the heap may grow for each thousand messages: eight bytes a message. */
export const heapBoundKb = 8;

/** What came of a soak. */
export interface Report {
  readonly messages: number;
  readonly heap: { readonly per1000: Slope; readonly perMinute: Slope };
  readonly rss: { readonly per1000: Slope; readonly perMinute: Slope };
  readonly handles: { readonly first: Sample["handles"]; readonly last: Sample["handles"] };
  readonly listeners: { readonly first: number; readonly last: number };
  readonly cycles: Measured["cycles"];
  /** Why it has failed, in sentences: none if it has not. */
  readonly failures: readonly string[];
}

export function reportOf({ samples, cycles }: Measured): Report {
  // Code is compiled and caches are filled at first: some hundred KB in the first 20,000 messages.
  const steady = samples.slice(Math.floor(samples.length / 2));
  const first = steady[0];
  const last = steady.at(-1);
  if (first === undefined || last === undefined || steady.length < 6)
    throw new Error("there are too few rounds");
  const line = (x: (sample: Sample) => number, y: (sample: Sample) => number): Slope =>
    slopeOf(steady.map((sample) => [x(sample), y(sample)] as const));
  const thousands = ({ messages }: Sample): number => messages / 1_000;
  const minutes = (sample: Sample): number => sample.minutes;
  const heap = ({ heapKb }: Sample): number => heapKb;
  const rss = ({ rssKb }: Sample): number => rssKb;
  const report = {
    messages: last.messages,
    heap: { per1000: line(thousands, heap), perMinute: line(minutes, heap) },
    rss: { per1000: line(thousands, rss), perMinute: line(minutes, rss) },
    handles: { first: first.handles, last: last.handles },
    listeners: { first: first.listeners, last: last.listeners },
    cycles,
  };
  return { ...report, failures: [...growth(report.heap.per1000), ...grown(steady), ...unreturned(cycles)] };
}

/** Chance alone does it in one of forty runs, and a heap that does not grow is far from the bound. */
function growth({ slope, least }: Slope): readonly string[] {
  if (least <= heapBoundKb) return [];
  return [
    `the heap grows by ${slope.toFixed(1)} KB per 1,000 messages, at least by ${least.toFixed(1)}: more than ${String(heapBoundKb)}`,
  ];
}

/** Kinds of which there were more in each of the last three rounds than in any of the first three. */
function grown(samples: readonly Sample[]): readonly string[] {
  const early = samples.slice(0, 3);
  const late = samples.slice(-3);
  const kinds = new Set(samples.flatMap(({ handles }) => Object.keys(handles)));
  const failures = [...kinds].flatMap((kind) => {
    const count = ({ handles }: Sample): number => handles[kind] ?? 0;
    const most = Math.max(...early.map(count));
    const least = Math.min(...late.map(count));
    return least > most ? [`handles grow: ${kind} from ${String(most)} to ${String(least)}`] : [];
  });
  const most = Math.max(...early.map(({ listeners }) => listeners));
  const least = Math.min(...late.map(({ listeners }) => listeners));
  return least > most ? [...failures, `listeners grow from ${String(most)} to ${String(least)}`] : failures;
}

function unreturned({ count, before, after }: Measured["cycles"]): readonly string[] {
  const kinds = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...kinds].flatMap((kind) => {
    const [was, is] = [before[kind] ?? 0, after[kind] ?? 0];
    return is === was
      ? []
      : [`after ${String(count)} lives of services: ${kind} ${String(was)} before, ${String(is)} after`];
  });
}
