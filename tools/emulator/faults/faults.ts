import type { AmqpError, Connection, FrameFate, FrameTap, TappedFrame } from "../amqp/engine/engine.js";
import { parseDurationMs } from "../duration.js";
import type { LiveLink } from "../watch/watched-links.js";
import type { LinkControl, WatchedLink } from "../watch/witness.js";
import {
  corrupted,
  FrameFault,
  isAddress,
  type Fault,
  type FrameDeed,
  type FrameSelector,
} from "./frame-fault.js";
import { LinkAddresses } from "./link-addresses.js";

/** Which links a fault is for. Everything given must fit. */
export interface LinkSelector {
  /** An entity, or a node such as `$cbs`, in whatever letter case. Default: every one. */
  readonly address?: string;
  /** What the client is. Default: either. */
  readonly role?: "sender" | "receiver";
}

export interface LinkError {
  /** For example `amqp:link:detach-forced` or `com.microsoft:server-busy`. */
  readonly condition: string;
  readonly description?: string;
}

/** Which connections a fault is for. Default: all of them. */
export type ConnectionSelector = (connection: Connection) => boolean;

/** Breaks what happens between the emulator and its AMQP clients. Nothing is broken at the start, and after a reset. */
export interface Faults {
  /** Does something to frames. With several faults the one that was set first and fits decides. */
  frames(select: FrameSelector, deed: FrameDeed): Fault;
  /** Ends the links that are attached now, and returns how many. Clients attach again, unless `refuse` keeps them off. */
  detach(select: LinkSelector, error: LinkError): number;
  /** Refuses links from now on. */
  refuse(select: LinkSelector, error: LinkError): Fault;
  /**
   * Gives no credit to clients that send: a link that is attached now keeps what it has, a later one gets none. What was
   * withheld is given when the fault is removed.
   */
  withholdCredit(select?: LinkSelector): Fault;
  /** Closes connections with a condition, as a service does that is to be updated, and returns how many. */
  close(error: LinkError, select?: ConnectionSelector): number;
  /** Cuts TCP connections without a word, and returns how many. */
  cut(select?: ConnectionSelector): number;
  /**
   * Falls silent: nothing of the client's is heard, and nothing is said to it, heartbeats included, while TCP stays. A new
   * connection is accepted and never answered. When the fault is removed, connections that it struck are cut: what was
   * lost on them cannot be made good.
   */
  halfOpen(select?: ConnectionSelector): Fault;
  /** Removes every fault. */
  clear(): void;
}

interface LinkFault extends Fault {
  readonly select: LinkSelector;
  strike(): void;
}

export interface FaultTargets {
  /** Connections that are open. */
  readonly connections: () => readonly Connection[];
  readonly links: () => readonly LiveLink[];
}

/** The faults of one emulator, and what makes them happen. */
export class WireFaults implements Faults, LinkControl {
  readonly #targets: FaultTargets;
  readonly #addresses = new LinkAddresses();
  readonly #frames = new Set<FrameFault>();
  readonly #refusals = new Map<LinkFault, AmqpError>();
  readonly #withheld = new Set<LinkFault>();

  constructor(targets: FaultTargets) {
    this.#targets = targets;
  }

  frames(select: FrameSelector, deed: FrameDeed): Fault {
    return this.#addFrameFault(select, fateOf(deed), () => undefined);
  }

  detach(select: LinkSelector, error: LinkError): number {
    const links = this.#targets.links().filter(({ facts }) => fits(select, facts));
    for (const link of links) link.end(amqpError(error));
    return links.length;
  }

  refuse(select: LinkSelector, error: LinkError): Fault {
    const fault = linkFault(select, () => this.#refusals.delete(fault));
    this.#refusals.set(fault, amqpError(error));
    return fault;
  }

  withholdCredit(select: LinkSelector = {}): Fault {
    const fault = linkFault(select, () => {
      this.#withheld.delete(fault);
      for (const link of this.#targets.links()) link.release();
    });
    this.#withheld.add(fault);
    return fault;
  }

  close(error: LinkError, select: ConnectionSelector = () => true): number {
    const connections = this.#targets.connections().filter(select);
    for (const connection of connections) connection.close(amqpError(error));
    return connections.length;
  }

  cut(select: ConnectionSelector = () => true): number {
    const connections = this.#targets.connections().filter(select);
    for (const connection of connections) connection.cut();
    return connections.length;
  }

  halfOpen(select: ConnectionSelector = () => true): Fault {
    const struck = new Set<Connection>();
    const fate = ({ connection }: TappedFrame): FrameFate => {
      struck.add(connection);
      return "drop";
    };
    return this.#addFrameFault({ connection: select }, fate, () => {
      for (const connection of struck) connection.cut();
    });
  }

  clear(): void {
    for (const fault of [...this.#frames, ...this.#refusals.keys(), ...this.#withheld]) fault.remove();
  }

  readonly tap: FrameTap = (frame) => {
    // Learnt also while there is no fault: one that is set later may be about a link of now.
    if (frame.kind === "attach") this.#addresses.note(frame);
    for (const fault of this.#frames) {
      const fate = fault.decide(frame, () => this.#addresses.of(frame));
      if (fate !== undefined) return fate;
    }
    return "pass";
  };

  refusal(link: WatchedLink): AmqpError | undefined {
    for (const [fault, error] of this.#refusals) {
      if (!fits(fault.select, link)) continue;
      fault.strike();
      return error;
    }
    return undefined;
  }

  withholds(link: WatchedLink): boolean {
    for (const fault of this.#withheld) {
      if (!fits(fault.select, link)) continue;
      fault.strike();
      return true;
    }
    return false;
  }

  #addFrameFault(select: FrameSelector, fate: (frame: TappedFrame) => FrameFate, removed: () => void): Fault {
    const fault = new FrameFault(select, fate, () => {
      if (this.#frames.delete(fault)) removed();
    });
    this.#frames.add(fault);
    return fault;
  }
}

function linkFault(select: LinkSelector, remove: () => void): LinkFault {
  let hits = 0;
  return {
    select,
    get hits() {
      return hits;
    },
    strike() {
      hits += 1;
    },
    remove,
  };
}

function fateOf(deed: FrameDeed): (frame: TappedFrame) => FrameFate {
  if (deed === "corrupt") return corrupted;
  if (typeof deed === "string") return () => deed;
  if ("replace" in deed) return ({ bytes }) => ({ replaceWith: deed.replace(bytes) });
  const delayMs = parseDurationMs(deed.delay);
  return () => ({ delayMs });
}

function fits({ address, role }: LinkSelector, link: WatchedLink): boolean {
  if (role !== undefined && role !== link.role) return false;
  return address === undefined || isAddress(link.address, address);
}

const amqpError = ({ condition, description = "A fault was injected." }: LinkError): AmqpError => ({
  condition,
  description,
});
