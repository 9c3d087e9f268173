import type { TimerHandle } from "./runtime.js";

/** A timer that is due at a virtual time. */
export interface DueTimer {
  readonly dueMs: number;
  readonly run: () => void;
}

/** Timers by due time; those of the same time in the order in which they were set. */
export class TimerHeap {
  #heap: Entry[] = [];
  #sequence = 0;
  #cancelled = 0;

  add(dueMs: number, run: () => void): TimerHandle {
    const entry: Entry = { dueMs, run, sequence: this.#sequence++, state: "waiting" };
    this.#heap.push(entry);
    siftUp(this.#heap, this.#heap.length - 1);
    return {
      cancel: () => {
        if (entry.state !== "waiting") return;
        entry.state = "cancelled";
        this.#cancelled += 1;
        this.#compact();
      },
    };
  }

  /** Takes the first timer that is due up to then, or nothing. */
  take(upToMs: number): DueTimer | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined) return undefined;
      if (first.state === "cancelled") {
        this.#cancelled -= 1;
        removeFirst(this.#heap);
      } else if (first.dueMs <= upToMs) {
        removeFirst(this.#heap);
        first.state = "taken";
        return first;
      } else {
        return undefined;
      }
    }
  }

  /** Time limits are nearly always cancelled long before they are due, so they must not pile up until then. */
  #compact(): void {
    if (this.#cancelled < 64 || this.#cancelled * 2 < this.#heap.length) return;
    // A sorted array is a heap.
    this.#heap = this.#heap.filter((entry) => entry.state === "waiting").sort(compare);
    this.#cancelled = 0;
  }
}

interface Entry extends DueTimer {
  readonly sequence: number;
  state: "waiting" | "cancelled" | "taken";
}

const compare = (a: Entry, b: Entry): number => a.dueMs - b.dueMs || a.sequence - b.sequence;

function siftUp(heap: Entry[], from: number): void {
  let index = from;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (compare(heap[parent]!, heap[index]!) <= 0) return;
    swap(heap, parent, index);
    index = parent;
  }
}

function removeFirst(heap: Entry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  heap[0] = last;
  let index = 0;
  for (;;) {
    const left = 2 * index + 1;
    if (left >= heap.length) return;
    const right = left + 1;
    const child = right < heap.length && compare(heap[right]!, heap[left]!) < 0 ? right : left;
    if (compare(heap[index]!, heap[child]!) <= 0) return;
    swap(heap, index, child);
    index = child;
  }
}

function swap(heap: Entry[], a: number, b: number): void {
  const kept = heap[a]!;
  heap[a] = heap[b]!;
  heap[b] = kept;
}
