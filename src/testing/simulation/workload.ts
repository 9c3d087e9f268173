import type { Dice } from "./dice.js";
import type { SimulationSize } from "./size.js";
import type { Swarm } from "./swarm.js";

export type ChannelName = "jobs" | "orders" | "sales";

/** What the handler does with a message. */
export type Behaviour =
  | { readonly kind: "works"; readonly ms: number; readonly followUp: boolean }
  /** Fails so many times, then works. */
  | { readonly kind: "fails"; readonly times: number; readonly how: Failing; readonly followUp: boolean }
  /** Never returns, the first time; deaf to its signal. */
  | { readonly kind: "hangs" }
  /** Asks for another run so many times. */
  | { readonly kind: "asksRetry"; readonly times: number }
  /** Gives the message up: dead-letters or parks it. */
  | { readonly kind: "givesUp" };

/** What it throws: people throw anything. */
export type Failing = "error" | "transient" | "permanent" | "null" | "undefined" | "frozen" | "cyclic";

/** A message that a producer sends. */
export interface PlannedMessage {
  /** Its number, which is its data: what a handler's effect is counted by. */
  readonly n: number;
  readonly id: string;
  readonly channel: ChannelName;
  readonly key: string;
  readonly producer: string;
  /** Messages of a lane are sent one after the other. */
  readonly lane: number;
}

/** What somebody else puts into the broker: bytes that are no JSON, or that try to change prototypes. */
export interface ForeignMessage {
  readonly n: number;
  readonly id: string;
  readonly channel: ChannelName;
  readonly key: string;
  readonly body: string;
  readonly readable: boolean;
}

/** All that is sent in a schedule. */
export interface Workload {
  readonly messages: readonly PlannedMessage[];
  readonly foreign: readonly ForeignMessage[];
  /** Numbers whose message has the id of an earlier one, and other data. */
  readonly reused: ReadonlySet<number>;
  behaviourOf(n: number): Behaviour;
}

/** Follow-ups have the number of the message that led to them, and this. */
export const followUpOffset = 1000;
/** The burst on one key that the fairness of the others is measured against. */
export const burstFrom = 2000;
/** How long the handler of a message of the burst takes. */
export const burstMs = 1000;

const channels = ["jobs", "orders", "sales"] as const;

/** Draws what is sent and what the handlers make of it. */
export function drawWorkload(dice: Dice, size: SimulationSize, swarm: Swarm): Workload {
  const messages: PlannedMessage[] = [];
  const reused = new Set<number>();
  for (let n = 1; n <= size.messages; n += 1) {
    const keyNumber = dice.chance(`hot ${n}`, swarm.hotShare)
      ? 0
      : dice.between(`key ${n}`, 0, size.keys - 1);
    const message = {
      n,
      id: `m${n}`,
      channel: dice.pick(`channel ${n}`, channels),
      key: `k${keyNumber}`,
      producer: `p${1 + (keyNumber % size.producers)}`,
      lane: Math.floor(keyNumber / size.producers) % 2,
    };
    const earlier = messages.findLast(
      ({ channel, producer, id }) =>
        channel === message.channel && producer === message.producer && id !== message.id,
    );
    if (earlier !== undefined && dice.chance(`reused ${n}`, 0.01)) {
      reused.add(n);
      messages.push({ ...message, id: earlier.id });
    } else messages.push(message);
  }
  const behaviours = new Map<number, Behaviour>();
  const behaviourOf = (n: number): Behaviour => {
    const known = behaviours.get(n);
    if (known !== undefined) return known;
    const drawn = drawBehaviour(dice, n, swarm);
    behaviours.set(n, drawn);
    return drawn;
  };
  return { messages, reused, foreign: drawForeign(dice), behaviourOf };
}

const failings = [
  "error",
  "error",
  "transient",
  "transient",
  "permanent",
  "null",
  "undefined",
  "frozen",
  "cyclic",
] as const;

function drawBehaviour(dice: Dice, n: number, swarm: Swarm): Behaviour {
  if (n >= burstFrom) return { kind: "works", ms: burstMs, followUp: false };
  const followUp = n < followUpOffset && dice.chance(`follow-up ${n}`, swarm.followUpShare);
  if (dice.chance(`failing ${n}`, swarm.failingShare)) {
    const what = dice.number(`failing how ${n}`);
    if (what < 0.06) return { kind: "hangs" };
    if (what < 0.15) return { kind: "asksRetry", times: dice.between(`asks ${n}`, 1, 2) };
    if (what < 0.22) return { kind: "givesUp" };
    const times = dice.chance(`poison ${n}`, 0.3) ? Infinity : dice.between(`fails ${n}`, 1, 2);
    return { kind: "fails", times, how: dice.pick(`throws ${n}`, failings), followUp };
  }
  const slow = dice.chance(`slow ${n}`, swarm.slowShare);
  return { kind: "works", ms: slow ? dice.pick(`takes ${n}`, [200, 5000, 25_000, 70_000]) : 0, followUp };
}

function drawForeign(dice: Dice): ForeignMessage[] {
  const foreign: ForeignMessage[] = [];
  if (dice.chance("undecodable", 0.3)) {
    const body = dice.pick("undecodable body", ['{"n":', "\u0000\u0001", "[[[[", "\uFEFF{}x"]);
    foreign.push({
      n: 900,
      id: "foreign-900",
      channel: dice.pick("undecodable on", channels),
      key: "k1",
      body,
      readable: false,
    });
  }
  if (dice.chance("polluting", 0.2)) {
    const body =
      '{"n":901,"key":"k2","__proto__":{"polluted":"yes"},"constructor":{"prototype":{"polluted":"yes"}}}';
    foreign.push({
      n: 901,
      id: "foreign-901",
      channel: dice.pick("polluting on", channels),
      key: "k2",
      body,
      readable: true,
    });
  }
  return foreign;
}
