import type { Connection, FrameFate, TappedFrame } from "../amqp/engine/engine.js";

/** Which frames a fault is for. Everything given must fit. */
export interface FrameSelector {
  /** Default: every kind. */
  readonly kind?: TappedFrame["kind"];
  /** `in`: from the client; `out`: to it. Default: both. */
  readonly direction?: "in" | "out";
  /** An entity, or a node such as `$cbs`, in whatever letter case. Default: every one. */
  readonly address?: string;
  /** Default: every connection. */
  readonly connection?: (connection: Connection) => boolean;
  /** The n-th frame that fits, from 1, counted from when the fault was set; once. Default: all that fit. */
  readonly nth?: number;
}

/**
 * What becomes of a frame. `corrupt` inverts the last bytes of its performative; `replace` gives the bytes to go on with, the
 * frame's own head of eight bytes included.
 */
export type FrameDeed =
  | "drop"
  | "duplicate"
  | "corrupt"
  | { readonly delay: string | number }
  | { readonly replace: (bytes: Uint8Array) => Uint8Array };

/** A fault that is in force until it is removed. */
export interface Fault {
  /** How often it has struck. */
  readonly hits: number;
  /** Ends it. Nothing happens when it has been removed. */
  remove(): void;
}

/** Decides over frames. */
export class FrameFault implements Fault {
  readonly #select: FrameSelector;
  readonly #fate: (frame: TappedFrame) => FrameFate;
  readonly #remove: (fault: FrameFault) => void;
  #seen = 0;
  #hits = 0;

  constructor(
    select: FrameSelector,
    fate: (frame: TappedFrame) => FrameFate,
    remove: (fault: FrameFault) => void,
  ) {
    this.#select = select;
    this.#fate = fate;
    this.#remove = remove;
  }

  get hits(): number {
    return this.#hits;
  }

  remove(): void {
    this.#remove(this);
  }

  /** @param addresses Tells what the frame is about; asked only if that matters. */
  decide(frame: TappedFrame, addresses: () => readonly string[]): FrameFate | undefined {
    const { kind, direction, connection, address, nth } = this.#select;
    if (kind !== undefined && kind !== frame.kind) return undefined;
    if (direction !== undefined && direction !== frame.direction) return undefined;
    if (connection !== undefined && !connection(frame.connection)) return undefined;
    if (address !== undefined && !addresses().some((each) => isAddress(each, address))) return undefined;
    this.#seen += 1;
    if (nth !== undefined && nth !== this.#seen) return undefined;
    this.#hits += 1;
    return this.#fate(frame);
  }
}

/** Whether an address that a client wrote, perhaps as a URL, is the one that is meant. */
export function isAddress(written: string, meant: string): boolean {
  const path = written.replace(/^[a-z]+:\/\/[^/]*/i, "");
  return trimmed(path) === trimmed(meant);
}

const trimmed = (path: string): string => path.replace(/^\/+|\/+$/g, "").toLowerCase();

/** The frame with the last bytes of its performative inverted; its size stays right. */
export function corrupted({ bytes }: TappedFrame): FrameFate {
  const replaceWith = Uint8Array.from(bytes);
  // Behind the frame's own head of eight bytes.
  for (let at = Math.max(8, replaceWith.length - 8); at < replaceWith.length; at += 1) {
    replaceWith[at] = ~(replaceWith[at] ?? 0);
  }
  return { replaceWith };
}
