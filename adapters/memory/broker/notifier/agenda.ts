/** Something that falls due. It is its own place in the heap, so scheduling allocates nothing. */
export abstract class DueNode {
  dueMs = 0;
  /** Among equal times, the one scheduled first fires first. */
  dueOrder = 0;
  /** -1 while not scheduled. */
  heapIndex = -1;
  abstract fire(): void;
}

/** Work that a subscription does once after everything of the same instant has fired, so that batches can form. */
export interface Pumped {
  pump(): void;
}

/** The notifier's clock and everything that waits for it: an indexed binary heap, O(log n) for each operation. */
export class Agenda {
  readonly #heap: DueNode[] = [];
  readonly #pumped = new Set<Pumped>();
  #nowMs: number;
  #scheduled = 0;

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** When the next node falls due; undefined if none waits. */
  nextDueMs(): number | undefined {
    return this.#heap[0]?.dueMs;
  }

  /** Schedules a node, or moves it if it is scheduled already. */
  schedule(node: DueNode, dueMs: number): void {
    const earlier = node.heapIndex >= 0 && dueMs < node.dueMs;
    node.dueMs = dueMs;
    node.dueOrder = this.#scheduled++;
    if (node.heapIndex < 0) {
      node.heapIndex = this.#heap.length;
      this.#heap.push(node);
      this.#siftUp(node);
    } else if (earlier) this.#siftUp(node);
    else this.#siftDown(node);
  }

  /** Forgets a node. Does nothing if it is not scheduled. */
  cancel(node: DueNode): void {
    if (node.heapIndex < 0) return;
    const last = this.#heap.pop();
    if (last !== undefined && last !== node) {
      this.#place(last, node.heapIndex);
      this.#siftUp(last);
      this.#siftDown(last);
    }
    node.heapIndex = -1;
  }

  /** Runs `pumped.pump()` once, after everything of the current instant has fired. */
  afterInstant(pumped: Pumped): void {
    this.#pumped.add(pumped);
  }

  /** Moves time forward and fires what falls due, in order of time and then of scheduling. Never moves it back. */
  advanceTo(nowMs: number): void {
    for (let next = this.#heap[0]; next !== undefined && next.dueMs <= nowMs; next = this.#heap[0]) {
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      this.cancel(next);
      next.fire();
      if ((this.#heap[0]?.dueMs ?? Infinity) > this.#nowMs) this.#pump();
    }
    this.#nowMs = Math.max(this.#nowMs, nowMs);
  }

  #pump(): void {
    const pumped = [...this.#pumped];
    this.#pumped.clear();
    for (const one of pumped) one.pump();
  }

  #siftUp(node: DueNode): void {
    while (node.heapIndex > 0) {
      const index = node.heapIndex;
      const parentIndex = (index - 1) >> 1;
      const parent = this.#heap[parentIndex];
      if (parent === undefined || isBefore(parent, node)) return;
      this.#place(parent, index);
      this.#place(node, parentIndex);
    }
  }

  #siftDown(node: DueNode): void {
    for (;;) {
      const index = node.heapIndex;
      const left = this.#heap[2 * index + 1];
      const right = this.#heap[2 * index + 2];
      const child = right !== undefined && left !== undefined && isBefore(right, left) ? right : left;
      if (child === undefined || isBefore(node, child)) return;
      const childIndex = child.heapIndex;
      this.#place(child, index);
      this.#place(node, childIndex);
    }
  }

  #place(node: DueNode, index: number): void {
    this.#heap[index] = node;
    node.heapIndex = index;
  }
}

function isBefore(a: DueNode, b: DueNode): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.dueOrder < b.dueOrder);
}
