import type { Measured, Sample } from "./sample.js";

/** A straight line through samples, by least squares. */
export interface Slope {
  /** Per unit of x. */
  readonly slope: number;
  /** The standard error of the slope. */
  readonly spread: number;
}

export function slopeOf(points: readonly (readonly [x: number, y: number])[]): Slope {
  const count = points.length;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / count;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / count;
  const squares = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / squares;
  const rest = points.reduce((sum, [x, y]) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0);
  return { slope, spread: Math.sqrt(rest / Math.max(1, count - 2) / squares) };
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

/** Two standard errors: what chance alone does in one of forty runs. */
function growth({ slope, spread }: Slope): readonly string[] {
  if (slope - 2 * spread <= heapBoundKb) return [];
  return [
    `the heap grows by ${slope.toFixed(1)} ± ${spread.toFixed(1)} KB per 1,000 messages: more than ${String(heapBoundKb)}`,
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
