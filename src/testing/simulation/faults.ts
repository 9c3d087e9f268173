import type { Dice } from "./dice.js";
import type { History } from "./history.js";
import type { SimulationSize } from "./size.js";
import type { SimWorld } from "./world.js";

/** The boundary that a fault breaks. */
export type FaultPlace =
  | "open"
  | "send"
  | "receive"
  | "settle"
  | "deadLetter"
  | "afterCopy"
  | "renew"
  | "checkpoint"
  | "store"
  | "close";

/**
 * What the fault does there. `refuse`: no effect, and an error. `lose`: the effect, and an error. `late`: the effect,
 * and an answer after a while. `twice`: the effect twice. `lost`: no effect, and the word that the lock is gone.
 */
export type FaultMode =
  "refuse" | "lose" | "late" | "twice" | "lost" | "throttle" | "forbid" | "disable" | "hang";

/** A kind of fault, and the lines of the fault catalogue that it stands for. */
export interface FaultKind {
  readonly f: readonly number[];
  readonly places: readonly FaultPlace[];
  readonly mode: FaultMode;
  /** It lasts so long; otherwise it happens once. */
  readonly lastsMs?: number;
}

/** Every fault that is injected at a boundary. */
export const faultKinds = {
  sendRefused: { f: [1], places: ["send"], mode: "refuse" },
  sendAnswerLost: { f: [2], places: ["send"], mode: "lose" },
  sendAnswerLate: { f: [3], places: ["send"], mode: "late" },
  sendTwice: { f: [24], places: ["send"], mode: "twice" },
  sendThrottled: { f: [17, 18], places: ["send"], mode: "throttle" },
  credentialRefused: { f: [15], places: ["send", "receive"], mode: "forbid", lastsMs: 60_000 },
  entityDisabled: { f: [71], places: ["send", "receive"], mode: "disable", lastsMs: 60_000 },
  connectFails: { f: [9], places: ["open"], mode: "refuse" },
  receiveFails: { f: [11, 12], places: ["receive"], mode: "refuse" },
  receiveHangs: { f: [4, 5, 27], places: ["receive"], mode: "hang" },
  receiveAnswerLost: { f: [29], places: ["receive"], mode: "lose" },
  receiveAnswerLate: { f: [28], places: ["receive"], mode: "late" },
  renewLate: { f: [6], places: ["renew"], mode: "late" },
  renewAnswerLost: { f: [20], places: ["renew"], mode: "lose" },
  renewRejected: { f: [21], places: ["renew"], mode: "lost" },
  settleRefused: { f: [1], places: ["settle"], mode: "refuse" },
  settleAnswerLost: { f: [23], places: ["settle"], mode: "lose" },
  settleAnswerLate: { f: [3], places: ["settle"], mode: "late" },
  completeFailsAfterCopy: { f: [62], places: ["afterCopy"], mode: "refuse" },
  deadLetterFails: { f: [63], places: ["deadLetter"], mode: "refuse" },
  checkpointFails: { f: [36], places: ["checkpoint"], mode: "refuse" },
  checkpointAnswerLost: { f: [36], places: ["checkpoint"], mode: "lose" },
  checkpointLate: { f: [36], places: ["checkpoint"], mode: "late" },
  checkpointStoreDown: { f: [37], places: ["checkpoint"], mode: "refuse", lastsMs: 600_000 },
  storeFails: { f: [60], places: ["store"], mode: "refuse" },
  storeAnswerLost: { f: [60], places: ["store"], mode: "lose" },
  storeLate: { f: [60], places: ["store"], mode: "late" },
  storeDown: { f: [60], places: ["store"], mode: "refuse", lastsMs: 120_000 },
  closeHangs: { f: [56], places: ["close"], mode: "hang" },
} as const satisfies Record<string, FaultKind>;

export type FaultName = keyof typeof faultKinds;

/** A fault that a schedule will have. */
export interface PlannedFault {
  readonly name: FaultName;
  /** It waits for its place from this choice on. */
  readonly fromChoice: number;
  readonly delayMs: number;
}

/** Draws the faults of a schedule out of the kinds that its swarm has. */
export function planFaults(dice: Dice, size: SimulationSize, kinds: readonly FaultName[]): PlannedFault[] {
  const [first, ...others] = kinds;
  if (first === undefined) return [];
  return Array.from({ length: size.faults }, (_, index) => ({
    name: dice.pick(`fault ${index}`, [first, ...others]),
    fromChoice: dice.between(`fault ${index} at`, 1, size.minChoices),
    delayMs: dice.pick(`fault ${index} for`, [100, 5000, 20_000, 45_000, 90_000]),
  }));
}

/** Hands each planned fault to the first crossing of its place, and keeps lasting ones up until they end. */
export class Faults {
  readonly #world: SimWorld;
  readonly #history: History;
  #planned: readonly PlannedFault[];
  #lasting: { readonly fault: PlannedFault; readonly untilMs: number }[] = [];
  #healed = false;
  /** Where anything may still break. */
  #places: ReadonlySet<FaultPlace>;

  constructor(world: SimWorld, history: History, planned: readonly PlannedFault[]) {
    this.#world = world;
    this.#history = history;
    this.#planned = planned;
    this.#places = new Set(planned.flatMap(({ name }): readonly FaultPlace[] => faultKinds[name].places));
  }

  /** The fault of this crossing, if it has one. */
  take(
    place: FaultPlace,
    where: string,
    allowed: (mode: FaultMode) => boolean = () => true,
  ): Fault | undefined {
    if (!this.#places.has(place)) return undefined;
    const { choices, nowMs } = this.#world;
    const has = ({ name }: PlannedFault): boolean => {
      const kind: FaultKind = faultKinds[name];
      return kind.places.includes(place) && allowed(kind.mode);
    };
    const lasting = this.#lasting.find(({ fault, untilMs }) => untilMs > nowMs && has(fault));
    if (lasting !== undefined) return faultOf(lasting.fault);
    const fault = this.#planned.find((each) => each.fromChoice <= choices && has(each));
    if (fault === undefined) return undefined;
    this.#planned = this.#planned.filter((each) => each !== fault);
    const kind: FaultKind = faultKinds[fault.name];
    if (kind.lastsMs !== undefined) this.#lasting.push({ fault, untilMs: nowMs + kind.lastsMs });
    this.#history.add({ kind: "fault", fault: fault.name, where });
    return faultOf(fault);
  }

  /** Whether all is healed: a fault that was handed out, and has not struck yet, does not any more. */
  get healed(): boolean {
    return this.#healed;
  }

  /** From now on nothing breaks. */
  heal(): void {
    this.#healed = true;
    this.#planned = [];
    this.#lasting = [];
    this.#places = new Set();
  }
}

/** A fault at work. */
export interface Fault {
  readonly name: FaultName;
  readonly mode: FaultMode;
  readonly delayMs: number;
}

const faultOf = ({ name, delayMs }: PlannedFault): Fault => ({ name, mode: faultKinds[name].mode, delayMs });
