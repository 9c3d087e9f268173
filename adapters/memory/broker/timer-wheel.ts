/** Something that waits for a time: it is itself the node of the wheel, and waits for one time at most. */
export interface TimerNode<N> {
  /** Milliseconds; meaningful while armed. */
  dueMs: number;
  /** The slot that holds the node, or `notArmed`. */
  timerSlot: number;
  timerPrev: N | undefined;
  timerNext: N | undefined;
}

/** The value of `timerSlot` of a node that waits for nothing. */
export const notArmed = -1;

/** One clock and all its deadlines. Arm and cancel are O(1); each node moves down at most six levels in its life. */
export interface TimerWheel<N extends TimerNode<N>> {
  nowMs(): number;
  /** Makes `node` due at `dueMs`, instead of any earlier deadline of it; a time that has passed is due at once. */
  arm(node: N, dueMs: number): void;
  cancel(node: N): void;
  /**
   * Moves time to `nowMs` (never back) and fires what is due, in order of time, then of arming. While a node fires the
   * clock shows its due time, and what it arms is fired in the same call if that is due too.
   */
  advanceTo(nowMs: number, fire: (node: N) => void): void;
  /** The earliest deadline. May be early, never late, when more than 64 far deadlines share a slot. */
  nextDueMs(): number | undefined;
}

const bitsPerLevel = 5;
const slotsPerLevel = 1 << bitsPerLevel;
const levels = 6;
const horizonMs = 2 ** (bitsPerLevel * levels);
/** Holds everything beyond the present horizon (12 days), and is sorted into the levels when that is reached. */
const overflow = levels * slotsPerLevel;
const scanLimit = 64;

/**
 * A hierarchical timer wheel: the level of a deadline is the highest group of five bits in which it differs from now, so
 * that everything on a lower level is due before anything on a higher one.
 */
export function createTimerWheel<N extends TimerNode<N>>(startMs: number): TimerWheel<N> {
  const heads = new Array<N | undefined>(overflow + 1).fill(undefined);
  const tails = new Array<N | undefined>(overflow + 1).fill(undefined);
  const occupied = new Int32Array(levels);
  // Time since `startMs`, split so that the low part fits 32-bit arithmetic.
  let epoch = 0;
  let low = 0;

  const elapsed = (): number => epoch * horizonMs + low;

  function setElapsed(relativeMs: number): void {
    epoch = Math.floor(relativeMs / horizonMs);
    low = relativeMs - epoch * horizonMs;
  }

  function insert(node: N): void {
    const relativeMs = Math.max(Math.ceil(node.dueMs - startMs), elapsed());
    const slot = slotOf(relativeMs - epoch * horizonMs, low);
    const tail = tails[slot];
    node.timerSlot = slot;
    node.timerPrev = tail;
    node.timerNext = undefined;
    if (tail === undefined) heads[slot] = node;
    else tail.timerNext = node;
    tails[slot] = node;
    if (slot !== overflow) mark(occupied, slot);
  }

  function cancel(node: N): void {
    const slot = node.timerSlot;
    if (slot === notArmed) return;
    const { timerPrev, timerNext } = node;
    if (timerPrev === undefined) heads[slot] = timerNext;
    else timerPrev.timerNext = timerNext;
    if (timerNext === undefined) tails[slot] = timerPrev;
    else timerNext.timerPrev = timerPrev;
    node.timerPrev = undefined;
    node.timerNext = undefined;
    node.timerSlot = notArmed;
    if (slot !== overflow && heads[slot] === undefined) unmark(occupied, slot);
  }

  function firstSlot(): number {
    for (let level = 0; level < levels; level += 1) {
      const bits = occupied[level] ?? 0;
      if (bits !== 0) return level * slotsPerLevel + 31 - Math.clz32(bits & -bits);
    }
    return heads[overflow] === undefined ? notArmed : overflow;
  }

  function startOf(slot: number): number {
    if (slot === overflow) return (epoch + 1) * horizonMs;
    const level = Math.floor(slot / slotsPerLevel);
    const widthMs = 2 ** (level * bitsPerLevel);
    const turnMs = widthMs * slotsPerLevel;
    return epoch * horizonMs + Math.floor(low / turnMs) * turnMs + (slot % slotsPerLevel) * widthMs;
  }

  function empty(slot: number, visit: (node: N) => void): void {
    const last = tails[slot];
    for (let node = heads[slot]; node !== undefined; node = heads[slot]) {
      cancel(node);
      visit(node);
      // Sorting the overflow puts far nodes back at its end: one round is enough.
      if (node === last && slot >= slotsPerLevel) return;
    }
  }

  function advanceTo(nowMs: number, fire: (node: N) => void): void {
    const target = Math.max(Math.floor(nowMs - startMs), elapsed());
    for (let slot = firstSlot(); slot !== notArmed && startOf(slot) <= target; slot = firstSlot()) {
      setElapsed(Math.max(startOf(slot), elapsed()));
      empty(slot, slot < slotsPerLevel ? fire : insert);
    }
    // What fired may have moved time further itself.
    setElapsed(Math.max(target, elapsed()));
  }

  function nextDueMs(): number | undefined {
    const slot = firstSlot();
    if (slot === notArmed) return undefined;
    const startsMs = startMs + startOf(slot);
    let earliest = Infinity;
    let seen = 0;
    for (let node = heads[slot]; node !== undefined; node = node.timerNext) {
      if (slot < slotsPerLevel || (seen += 1) > scanLimit) return startsMs;
      earliest = Math.min(earliest, node.dueMs);
    }
    return Math.max(Math.ceil(earliest), startsMs);
  }

  return {
    nowMs: () => startMs + elapsed(),
    arm(node, dueMs) {
      cancel(node);
      node.dueMs = dueMs;
      insert(node);
    },
    cancel,
    advanceTo,
    nextDueMs,
  };
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
