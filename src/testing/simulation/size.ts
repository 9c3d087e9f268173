/** What one simulated schedule is made of, unless its options say otherwise: the one place for these numbers. */
export const defaultSize = {
  producers: 2,
  consumers: 3,
  /** Messages that the producers send; what handlers send comes on top. */
  messages: 60,
  keys: 8,
  partitions: 2,
  faults: 6,
  /** One process dies at a boundary and starts again. */
  crashes: 1,
  /** One process stops as it should, and starts again. */
  gracefulStops: 1,
  /** A schedule in which the scheduler chose less often than this proves little, and is reported. */
  minChoices: 500,
  /** The scheduler gives up after this many choices: nothing that heals takes so long. */
  maxChoices: 20_000,
} as const;

/** The numbers of a schedule. */
export type SimulationSize = { readonly [Name in keyof typeof defaultSize]: number };
