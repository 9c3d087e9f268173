/** A map that forgets. */
export interface SweptMap<V> {
  /** How many items are held, with those that have expired and wait to be dropped. */
  readonly size: number;
  /** Answers nothing for an item that has expired. */
  get(key: string): V | undefined;
  set(key: string, value: V): void;
}

/**
 * Makes a map that hides what has expired, and at each write looks at two further items to drop those that have.
 *
 * Going round twice as fast as it can grow, it holds at most about twice what has not expired, at a constant cost and
 * without a timer.
 */
export function sweptMap<V>(expired: (value: V) => boolean): SweptMap<V> {
  const items = new Map<string, V>();
  let round = items.entries();
  const sweep = (): void => {
    const next = round.next();
    if (next.done) round = items.entries();
    else if (expired(next.value[1])) items.delete(next.value[0]);
  };
  return {
    get size() {
      return items.size;
    },
    get: (key) => {
      const value = items.get(key);
      return value === undefined || expired(value) ? undefined : value;
    },
    set: (key, value) => {
      items.set(key, value);
      sweep();
      sweep();
    },
  };
}
