/**
 * The message ids of the last while.
 *
 * Ids leave in the order in which they came, so they are in a ring; an open table of their places in it finds them. Both
 * are flat arrays: remembering and forgetting leave no garbage, and no collector walks through them.
 */
export class DedupWindow {
  windowMs: number;
  /** A ring whose length is a power of two, with the time and the hash of each id. */
  #ids = new Array<string | undefined>(initialCapacity).fill(undefined);
  #times = new Float64Array(initialCapacity);
  #hashes = new Int32Array(initialCapacity);
  #first = 0;
  #count = 0;
  /** By hash, with linear probing, at most half full: a place in the ring plus one, or 0 for a free slot. */
  #slots = new Int32Array(2 * initialCapacity);

  constructor(windowMs: number) {
    this.windowMs = windowMs;
  }

  /** Remembers `id`, and tells whether it was remembered already. Amortised O(1): each call forgets what is too old. */
  seenBefore(id: string, nowMs: number): boolean {
    this.#forgetOld(nowMs);
    if (this.#count === this.#ids.length) this.#grow();
    const hash = hashOf(id);
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let entry = this.#slots[slot] ?? 0; entry !== 0; entry = this.#slots[slot] ?? 0) {
      if (this.#hashes[entry - 1] === hash && this.#ids[entry - 1] === id) return true;
      slot = (slot + 1) & mask;
    }
    const at = (this.#first + this.#count) & (this.#ids.length - 1);
    this.#ids[at] = id;
    this.#times[at] = nowMs;
    this.#hashes[at] = hash;
    this.#slots[slot] = at + 1;
    this.#count += 1;
    return false;
  }

  /** What is remembered, in the order in which it came, each with the time that {@link seenBefore} was told. */
  remembered(): readonly (readonly [id: string, atMs: number])[] {
    return Array.from({ length: this.#count }, (_, index) => {
      const at = (this.#first + index) & (this.#ids.length - 1);
      return [this.#ids[at] ?? "", this.#times[at] ?? 0] as const;
    });
  }

  #forgetOld(nowMs: number): void {
    while (this.#count > 0 && (this.#times[this.#first] ?? 0) + this.windowMs <= nowMs) {
      this.#free(this.#first);
      this.#ids[this.#first] = undefined;
      this.#first = (this.#first + 1) & (this.#ids.length - 1);
      this.#count -= 1;
    }
  }

  /** Frees the slot of that place in the ring, and moves up what was probed past it. */
  #free(at: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = (this.#hashes[at] ?? 0) & mask;
    while (slots[hole] !== at + 1) hole = (hole + 1) & mask;
    let next = (hole + 1) & mask;
    for (let entry = slots[next] ?? 0; entry !== 0; entry = slots[next] ?? 0) {
      const home = (this.#hashes[entry - 1] ?? 0) & mask;
      if (((next - home) & mask) >= ((next - hole) & mask)) {
        slots[hole] = entry;
        hole = next;
      }
      next = (next + 1) & mask;
    }
    slots[hole] = 0;
  }

  #grow(): void {
    const { length } = this.#ids;
    const times = new Float64Array(2 * length);
    const hashes = new Int32Array(2 * length);
    const ids = new Array<string | undefined>(2 * length).fill(undefined);
    for (let to = 0; to < length; to += 1) {
      const from = (this.#first + to) & (length - 1);
      ids[to] = this.#ids[from];
      times[to] = this.#times[from] ?? 0;
      hashes[to] = this.#hashes[from] ?? 0;
    }
    this.#ids = ids;
    this.#times = times;
    this.#hashes = hashes;
    this.#first = 0;
    this.#slots = new Int32Array(4 * length);
    for (let at = 0; at < length; at += 1) this.#place(at);
  }

  #place(at: number): void {
    const mask = this.#slots.length - 1;
    let slot = (this.#hashes[at] ?? 0) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = at + 1;
  }
}

const initialCapacity = 64;

/** FNV-1a, mixed once more because the table uses the low bits. */
function hashOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < id.length; at += 1) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193);
  return hash ^ (hash >>> 15);
}
