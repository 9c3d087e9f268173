/** What one request of a service takes. */
export interface BatchLimits<T> {
  readonly sizeOf: (item: T) => number;
  readonly maxBytes: number;
  readonly maxCount: number;
}

/** Splits items into batches that the service takes, in order. What is too large by itself is a batch by itself. */
export function batches<T>(items: readonly T[], { sizeOf, maxBytes, maxCount }: BatchLimits<T>): T[][] {
  const made: T[][] = [];
  let batch: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = sizeOf(item);
    if (batch.length > 0 && (bytes + size > maxBytes || batch.length >= maxCount)) {
      made.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += size;
  }
  if (batch.length > 0) made.push(batch);
  return made;
}
