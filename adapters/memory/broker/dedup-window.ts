/** The message ids of the last while. Ids leave in the order in which they came, so a ring says which is the oldest. */
export interface DedupWindow {
  windowMs: number;
  readonly ids: Set<string>;
  /** A ring of the same ids, with the time each came. Its length is a power of two. */
  ring: (string | undefined)[];
  times: number[];
  first: number;
}

const initialCapacity = 64;

export const createDedupWindow = (windowMs: number): DedupWindow => ({
  windowMs,
  ids: new Set(),
  ring: new Array<string | undefined>(initialCapacity).fill(undefined),
  times: new Array<number>(initialCapacity).fill(0),
  first: 0,
});

/** Remembers `id`, and tells whether it was remembered already. Amortised O(1): each call forgets what is too old. */
export function seenBefore(window: DedupWindow, id: string, nowMs: number): boolean {
  forgetOld(window, nowMs);
  if (window.ids.has(id)) return true;
  const used = window.ids.size;
  if (used === window.ring.length) grow(window);
  const at = (window.first + used) & (window.ring.length - 1);
  window.ring[at] = id;
  window.times[at] = nowMs;
  window.ids.add(id);
  return false;
}

function forgetOld(window: DedupWindow, nowMs: number): void {
  for (;;) {
    const oldest = window.ring[window.first];
    const cameMs = window.times[window.first];
    if (oldest === undefined || cameMs === undefined || cameMs + window.windowMs > nowMs) return;
    window.ids.delete(oldest);
    window.ring[window.first] = undefined;
    window.first = (window.first + 1) & (window.ring.length - 1);
  }
}

function grow(window: DedupWindow): void {
  const { first, ring, times } = window;
  const room = new Array<string | undefined>(ring.length).fill(undefined);
  window.ring = [...ring.slice(first), ...ring.slice(0, first), ...room];
  window.times = [...times.slice(first), ...times.slice(0, first), ...room.map(() => 0)];
  window.first = 0;
}
