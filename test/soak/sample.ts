/** What is known of a process between two rounds, when nothing is under way. */
export interface Sample {
  /** Handled so far. */
  readonly messages: number;
  /** Since the start. */
  readonly minutes: number;
  /** After a forced collection. */
  readonly heapKb: number;
  readonly rssKb: number;
  /** Of `process.getActiveResourcesInfo()`, by kind: sockets, timers and the like. */
  readonly handles: Readonly<Record<string, number>>;
  /** Of the process and of what lives as long as it. */
  readonly listeners: number;
}

/** Before the first and after the last of many lives of a service. */
export interface Cycles {
  readonly count: number;
  readonly before: Readonly<Record<string, number>>;
  readonly after: Readonly<Record<string, number>>;
}

/** What the process that is measured sends. */
export interface Measured {
  readonly samples: readonly Sample[];
  readonly cycles: Cycles;
}

/** What it is told. */
export interface SoakTask {
  readonly serviceBus: string;
  readonly eventHubs: string;
  readonly rounds: number;
  readonly roundMs: number;
  /** Messages a second, on each of the two services. */
  readonly rate: number;
  /** Lives of services afterwards; none are looked at for 0. */
  readonly cycles: number;
  /** Whether handlers leak memory and timers on purpose, for the test that it is found. */
  readonly leak: boolean;
}
