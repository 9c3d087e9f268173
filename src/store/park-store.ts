/** Something that was given up, and is kept for people. */
export interface Parked {
  /** Names it within its box; boxes are read in the order of ids. */
  readonly id: string;
  /** Opaque to the store. */
  readonly bytes: Uint8Array;
}

/** Something parked that only its taker may remove or give back. */
export interface TakenParked extends Parked {
  readonly lease: string;
}

/** Keeps what a service without dead-letter queues gives up: one box per consumer. */
export interface ParkStore {
  readonly name: string;
  /** Keeps it until it is removed. A second one with the same id changes nothing. */
  put(box: string, parked: Parked): void | Promise<void>;
  /** Up to `max`, in the order of ids, also those that are taken. */
  list(box: string, max: number): readonly Parked[] | Promise<readonly Parked[]>;
  /** Hides one from other takers for a minute; `undefined` if it is gone or taken. */
  take(box: string, id: string): TakenParked | undefined | Promise<TakenParked | undefined>;
  /** Removes what was taken; false if the lease has ended and somebody else may have it. */
  remove(box: string, taken: TakenParked): boolean | Promise<boolean>;
  /** Gives back what was taken. */
  release(box: string, taken: TakenParked): void | Promise<void>;
}
