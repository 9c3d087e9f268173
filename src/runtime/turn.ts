/**
 * Resolves when every microtask, and those that they queue, has run.
 *
 * Ten times cheaper than a turn of the event loop, and right only where everything that waits waits on promises: in a
 * simulation, where nothing does I/O.
 */
export const microtasksDone = (): Promise<void> =>
  new Promise((resolve) => {
    process.nextTick(resolve);
  });
