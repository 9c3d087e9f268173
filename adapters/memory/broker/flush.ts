import { forwardReady } from "./forward.js";
import type { Kernel } from "./kernel.js";
import type { Lane } from "./lane.js";
import { serveWaiting } from "./receive.js";
import { offerSession } from "./accept-session.js";

/**
 * Does what the operation in progress left to do: forward, push, wake, offer sessions, report detached receivers.
 *
 * Callbacks run here, once the state is consistent, in the order of their causes. What a callback does is queued behind,
 * so that a handler that sends to its own queue makes a loop instead of a recursion. Callbacks must not throw.
 */
export function flush(kernel: Kernel): void {
  if (kernel.flushing || kernel.pending.length === 0) return;
  kernel.flushing = true;
  let done = 0;
  try {
    while (done < kernel.pending.length) {
      const next = kernel.pending[done];
      done += 1;
      if (typeof next === "function") next();
      else if (next !== undefined) attend(kernel, next);
      if (done >= compactAfter) {
        kernel.pending.splice(0, done);
        done = 0;
      }
    }
  } finally {
    kernel.pending.splice(0, done);
    kernel.flushing = false;
  }
}

const compactAfter = 1_024;

function attend(kernel: Kernel, lane: Lane): void {
  lane.touched = false;
  if (lane.store.settings.forwardTo !== undefined) forwardReady(kernel, lane);
  else if (lane.session !== undefined && lane.session.holder === undefined)
    offerSession(kernel, lane.session);
  else serveWaiting(kernel, lane);
}
