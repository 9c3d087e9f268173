import { draw } from "../../src/runtime/random.js";
import type { Command, Draft, Outcome, Sequence, Setting } from "./commands.js";

/** The sequence of a seed. */
export function drawSequence(seed: string, length = defaultLength): Sequence {
  const dice = new Dice(seed);
  const setting = drawSetting(dice);
  const commands: Command[] = [{ do: "send", drafts: drawDrafts(dice, setting) }];
  while (commands.length < length) commands.push(...drawCommands(dice, setting));
  return { seed, setting, commands };
}

/** The least; a command that brings others along may make it a few more. */
const defaultLength = 10;

/** Throws that depend on nothing but the seed and their order. */
class Dice {
  readonly #seed: string;
  #thrown = 0;

  constructor(seed: string) {
    this.#seed = seed;
  }

  /** A whole number from 0, below `limit`. */
  below(limit: number): number {
    this.#thrown += 1;
    return Math.floor(draw(this.#seed, String(this.#thrown)) * limit);
  }

  chance(ofTen: number): boolean {
    return this.below(10) < ofTen;
  }

  of<T>(first: T, ...others: readonly T[]): T {
    return [first, ...others][this.below(others.length + 1)] ?? first;
  }

  times<T>(count: number, make: () => T): readonly T[] {
    return Array.from({ length: count }, make);
  }

  /** What the next message is called. */
  get thrown(): number {
    return this.#thrown;
  }
}

function drawSetting(dice: Dice): Setting {
  const sessions = dice.chance(4);
  return {
    kind: dice.chance(3) ? "topic" : "queue",
    sessions,
    lockMs: dice.of(5_000, 30_000, 60_000),
    maxDeliveries: dice.of(1, 2, 3, 10),
    ttlMs: dice.chance(1) ? 45_000 : undefined,
    dedupWindowMs: dice.chance(1) ? 60_000 : undefined,
    lanes: sessions ? dice.of(1, 2, 3) : 1,
    perLane: 1,
    max: sessions ? 12 : dice.of(1, 3, 8),
  };
}

/** A command by its weight; one that needs something before may bring that along. */
function drawCommands(dice: Dice, setting: Setting): readonly Command[] {
  const pick = (): number => dice.below(12);
  const receive: Command = {
    do: "receive",
    max: setting.sessions || dice.chance(8) ? setting.max : dice.of(1, 2, 8),
  };
  switch (dice.below(26)) {
    case 0:
    case 1:
    case 2:
      return [{ do: "send", drafts: drawDrafts(dice, setting) }];
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
    case 8:
      return [receive];
    case 9:
    case 10:
    case 11:
    case 12:
    case 13:
      return [
        {
          do: "settle",
          each: dice.times(dice.of(1, 1, 2, 3), () => ({ pick: pick(), outcome: outcome(dice) })),
        },
      ];
    case 14:
    case 15:
      return [
        receive,
        { do: "settle", each: [{ pick: pick(), outcome: "defer" }] },
        { do: "receiveDeferred", pick: pick() },
      ];
    case 16:
      return [{ do: "receiveDeferred", pick: pick() }];
    case 17:
      return [{ do: "renew", picks: dice.times(dice.of(1, 2), pick) }];
    case 18:
      return [
        receive,
        { do: "advance", ms: setting.lockMs + dice.of(-1, 0, 1) },
        { do: "settle", each: [{ pick: pick(), outcome: outcome(dice) }] },
      ];
    case 19:
    case 20:
      return [{ do: "advance", ms: dice.of(1, 250, 1_000, 4_999, 5_000, 30_000, 60_001, 3_600_000) }];
    case 21:
      return dice.chance(5)
        ? [{ do: "cancel", pick: pick() }]
        : [{ do: "settleAgain", pick: pick(), outcome: outcome(dice) }];
    case 22:
      return [{ do: "peekLetters", max: dice.of(1, 10) }];
    case 23:
      return [
        { do: "peekLetters", max: 10 },
        { do: "takeLetters", picks: dice.times(dice.of(1, 2), pick) },
        { do: "settleLetter", pick: pick(), outcome: dice.of("complete", "release") },
      ];
    case 24:
      return setting.sessions
        ? [
            {
              do: "state",
              pick: pick(),
              ...(dice.chance(5) ? { set: dice.of("{ }", "words", "7", null) } : {}),
            },
          ]
        : [receive];
    default:
      return [{ do: "reopen" }];
  }
}

const outcome = (dice: Dice): Outcome =>
  dice.of("complete", "complete", "abandon", "abandon", "release", "defer", "deadLetter");

/** Those that are scheduled, for one time: for several the client makes several requests, and numbers follow requests. */
function drawDrafts(dice: Dice, setting: Setting): readonly Draft[] {
  const inMs = dice.of(500, 5_000, 31_000);
  const key = setting.sessions ? dice.of("red", "green", "blue") : undefined;
  return dice.times(dice.of(1, 1, 2, 3, 5), () => drawDraft(dice, setting, key, inMs));
}

function drawDraft(
  dice: Dice,
  { sessions, dedupWindowMs }: Setting,
  key: string | undefined,
  inMs: number,
): Draft {
  const id = dedupWindowMs === undefined ? `m${String(dice.thrown)}` : `m${String(dice.below(3))}`;
  const chosen = key ?? (dice.chance(2) ? "loose" : undefined);
  return {
    id,
    bodyBytes: dice.of(0, 1, 40, 3_000),
    headers: dice.chance(3) ? { colour: "é", count: dice.below(9) - 4, half: 0.5, yes: true } : {},
    ...(chosen === undefined ? {} : { key: chosen }),
    ...(dice.chance(1) ? { ttlMs: dice.of(1, 10_000, 40_000) } : {}),
    ...(dice.chance(1) && !sessions ? { inMs } : {}),
  };
}
