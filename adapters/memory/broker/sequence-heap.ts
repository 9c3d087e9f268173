/** Anything that a store has numbered. */
export interface Numbered {
  readonly sequenceNumber: number;
}

/** Adds to a binary heap whose first element has the lowest sequence number. O(log n). */
export function pushLowest<T extends Numbered>(heap: T[], item: T): void {
  let at = heap.length;
  heap.push(item);
  while (at > 0) {
    const parentAt = (at - 1) >> 1;
    const parent = heap[parentAt];
    if (parent === undefined || parent.sequenceNumber <= item.sequenceNumber) break;
    heap[at] = parent;
    at = parentAt;
  }
  heap[at] = item;
}

/** Takes the element with the lowest sequence number. O(log n). */
export function popLowest<T extends Numbered>(heap: T[]): T | undefined {
  const lowest = heap[0];
  const last = heap.pop();
  if (lowest !== undefined && last !== undefined && heap.length > 0) sink(heap, last);
  return lowest;
}

function sink<T extends Numbered>(heap: T[], item: T): void {
  let at = 0;
  for (;;) {
    const left = heap[2 * at + 1];
    const right = heap[2 * at + 2];
    if (left === undefined) break;
    const takeRight = right !== undefined && right.sequenceNumber < left.sequenceNumber;
    const child = takeRight ? right : left;
    if (child.sequenceNumber >= item.sequenceNumber) break;
    heap[at] = child;
    at = 2 * at + (takeRight ? 2 : 1);
  }
  heap[at] = item;
}
