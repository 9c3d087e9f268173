/**
 * What a proxy does to the bytes of one direction, in the words of toxiproxy. Times are the machine's, in milliseconds; bytes
 * are counted for each connection from when the toxic was added.
 */
export type Toxic =
  /** Holds bytes back for `delayMs`, give or take `jitterMs`; their order stays. */
  | { readonly kind: "latency"; readonly delayMs: number; readonly jitterMs?: number }
  | { readonly kind: "bandwidth"; readonly bytesPerSecond: number }
  /** Cuts what comes into pieces of so many bytes, each in a packet of its own. */
  | { readonly kind: "slicer"; readonly bytes: number }
  /** Swallows everything, and closes nothing, not even when one end closes. */
  | { readonly kind: "timeout" }
  /** Closes the connection behind so many bytes. */
  | { readonly kind: "limitData"; readonly bytes: number }
  /** Resets the connection, both ends, behind so many bytes. */
  | { readonly kind: "resetPeer"; readonly afterBytes: number }
  /** Says that one end has closed only after so long. */
  | { readonly kind: "slowClose"; readonly delayMs: number };

/** From the client (`up`), or to it (`down`). */
export type Direction = "up" | "down";

/** A toxic that is in force until it is removed. */
export interface ActiveToxic {
  /** How often it has struck: chunks that were held back or swallowed, connections that were ended. */
  readonly hits: number;
  /** Ends it. Connections that it swallowed something of are cut: what was lost on them cannot be made good. */
  remove(): void;
}

/** A toxic at work. */
export class Poison implements ActiveToxic {
  readonly toxic: Toxic;
  readonly #directions: readonly Direction[];
  readonly #removed: (poison: Poison) => void;
  hits = 0;

  constructor(toxic: Toxic, directions: readonly Direction[], removed: (poison: Poison) => void) {
    this.toxic = toxic;
    this.#directions = directions;
    this.#removed = removed;
  }

  fits(direction: Direction): boolean {
    return this.#directions.includes(direction);
  }

  strike(): void {
    this.hits += 1;
  }

  remove(): void {
    this.#removed(this);
  }
}
