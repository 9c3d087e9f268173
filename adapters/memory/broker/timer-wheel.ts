/** Something that waits for a time: it is itself the node of the wheel, and waits for one time at most. */
export interface TimerNode<N> {
  /** Whole milliseconds since the wheel's start: small integers for 24 days, which cost no box. Kept after it fired. */
  dueMs: number;
  /** The slot that holds the node, or `notArmed`. */
  timerSlot: number;
  timerPrev: N | undefined;
  timerNext: N | undefined;
}

/** The value of `timerSlot` of a node that waits for nothing. */
export const notArmed = -1;

const bitsPerLevel = 5;
const slotsPerLevel = 1 << bitsPerLevel;
const levels = 6;
const horizonMs = 2 ** (bitsPerLevel * levels);
/** Holds everything beyond the present horizon (12 days), and is sorted into the levels when that is reached. */
const overflow = levels * slotsPerLevel;
const scanLimit = 64;

/**
 * One clock, which starts at 0, and all its deadlines. Arm and cancel are O(1); a node moves down at most six levels.
 *
 * The level of a deadline is the highest group of five bits in which it differs from now, so that everything on a lower
 * level is due before anything on a higher one.
 */
export class TimerWheel<N extends TimerNode<N>> {
  readonly #heads = new Array<N | undefined>(overflow + 1).fill(undefined);
  readonly #tails = new Array<N | undefined>(overflow + 1).fill(undefined);
  readonly #occupied = new Int32Array(levels);
  // The time, split so that the low part fits 32-bit arithmetic.
  #epoch = 0;
  #low = 0;

  nowMs(): number {
    return this.#epoch * horizonMs + this.#low;
  }

  /** Makes `node` due at `dueMs`, instead of any earlier deadline of it; a time that has passed is due at once. */
  arm(node: N, dueMs: number): void {
    this.cancel(node);
    node.dueMs = Math.ceil(dueMs);
    this.#insert(node);
  }

  cancel(node: N): void {
    const slot = node.timerSlot;
    if (slot === notArmed) return;
    const { timerPrev, timerNext } = node;
    if (timerPrev === undefined) this.#heads[slot] = timerNext;
    else timerPrev.timerNext = timerNext;
    if (timerNext === undefined) this.#tails[slot] = timerPrev;
    else timerNext.timerPrev = timerPrev;
    node.timerPrev = undefined;
    node.timerNext = undefined;
    node.timerSlot = notArmed;
    if (slot !== overflow && this.#heads[slot] === undefined) unmark(this.#occupied, slot);
  }

  /**
   * Moves time to `nowMs` (never back) and fires what is due, in order of time, then of arming. While a node fires the
   * clock shows its due time, and what it arms is fired in the same call if that is due too.
   */
  advanceTo(nowMs: number, fire: (node: N) => void): void {
    const target = Math.floor(nowMs);
    const insert = (node: N): void => {
      this.#insert(node);
    };
    for (let slot = this.#firstSlot(); slot !== notArmed; slot = this.#firstSlot()) {
      const start = this.#startOf(slot);
      if (start > Math.max(target, this.nowMs())) break;
      this.#setNow(start);
      this.#empty(slot, slot < slotsPerLevel ? fire : insert);
    }
    this.#setNow(target);
  }

  /** The earliest deadline. May be early, never late, when more than 64 far deadlines share a slot. */
  nextDueMs(): number | undefined {
    const slot = this.#firstSlot();
    if (slot === notArmed) return undefined;
    const startsMs = Math.max(this.#startOf(slot), this.nowMs());
    if (slot < slotsPerLevel) return startsMs;
    let earliest = Infinity;
    let seen = 0;
    for (let node = this.#heads[slot]; node !== undefined; node = node.timerNext) {
      if ((seen += 1) > scanLimit) return startsMs;
      earliest = Math.min(earliest, node.dueMs);
    }
    return Math.max(earliest, startsMs);
  }

  #insert(node: N): void {
    const dueMs = Math.max(node.dueMs, this.nowMs());
    const slot = slotOf(dueMs - this.#epoch * horizonMs, this.#low);
    const tail = this.#tails[slot];
    node.timerSlot = slot;
    node.timerPrev = tail;
    node.timerNext = undefined;
    if (tail === undefined) this.#heads[slot] = node;
    else tail.timerNext = node;
    this.#tails[slot] = node;
    if (slot !== overflow) mark(this.#occupied, slot);
  }

  #empty(slot: number, visit: (node: N) => void): void {
    const last = this.#tails[slot];
    for (let node = this.#heads[slot]; node !== undefined; node = this.#heads[slot]) {
      this.cancel(node);
      visit(node);
      // Sorting the overflow puts far nodes back at its end: one round is enough.
      if (node === last && slot >= slotsPerLevel) return;
    }
  }

  #firstSlot(): number {
    for (let level = 0; level < levels; level += 1) {
      const bits = this.#occupied[level] ?? 0;
      if (bits !== 0) return level * slotsPerLevel + 31 - Math.clz32(bits & -bits);
    }
    return this.#heads[overflow] === undefined ? notArmed : overflow;
  }

  #startOf(slot: number): number {
    if (slot === overflow) return (this.#epoch + 1) * horizonMs;
    const level = Math.floor(slot / slotsPerLevel);
    const widthMs = 2 ** (level * bitsPerLevel);
    const turnMs = widthMs * slotsPerLevel;
    return (
      this.#epoch * horizonMs + Math.floor(this.#low / turnMs) * turnMs + (slot % slotsPerLevel) * widthMs
    );
  }

  /** Never back: what fired may have moved time further itself. */
  #setNow(nowMs: number): void {
    if (nowMs <= this.nowMs()) return;
    this.#epoch = Math.floor(nowMs / horizonMs);
    this.#low = nowMs - this.#epoch * horizonMs;
  }
}

/** Both times are relative to the present horizon. */
function slotOf(relativeMs: number, low: number): number {
  if (relativeMs >= horizonMs) return overflow;
  const level = Math.floor((31 - Math.clz32((relativeMs ^ low) | 1)) / bitsPerLevel);
  return level * slotsPerLevel + ((relativeMs >>> (level * bitsPerLevel)) & (slotsPerLevel - 1));
}

function mark(occupied: Int32Array, slot: number): void {
  const level = Math.floor(slot / slotsPerLevel);
  occupied[level] = (occupied[level] ?? 0) | (1 << (slot % slotsPerLevel));
}

function unmark(occupied: Int32Array, slot: number): void {
  const level = Math.floor(slot / slotsPerLevel);
  occupied[level] = (occupied[level] ?? 0) & ~(1 << (slot % slotsPerLevel));
}
