import type { Spread } from "./measure.js";

/** How long a scenario may take. */
export interface Effort {
  readonly quick: boolean;
  /** Rounds that count. */
  readonly rounds: number;
  /** Multiplies the messages of a round. */
  readonly scale: number;
}

/** One measured value, and what the target says of it. */
export interface Row {
  /** The number of the target, or nothing for a figure beside it. */
  readonly target?: string;
  readonly what: string;
  readonly value: Spread;
  readonly unit: string;
  /** The bound of the target. */
  readonly atMost?: number;
  readonly atLeast?: number;
  /** What a reader must know to judge the figure. */
  readonly note?: string;
}

/** Measures one thing, in a process of its own. */
export type Scenario = (effort: Effort) => Promise<readonly Row[]>;
