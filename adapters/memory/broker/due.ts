import { detach } from "./detach.js";
import { expireWhileReady } from "./expiry.js";
import { sendTarget } from "./entities.js";
import type { Kernel, Timed } from "./kernel.js";
import { expireLock } from "./lock.js";
import { messageState, place } from "./record.js";
import { sessionLockLost } from "./refusals.js";
import { activate } from "./schedule.js";
import { Session } from "./session.js";

/** What the passing of time does to a message or a session whose deadline has come. */
export function comeDue(kernel: Kernel, timed: Timed): void {
  if (timed instanceof Session) {
    if (timed.holder !== undefined) detach(kernel, timed.holder, sessionLockLost());
  } else if (timed.state === messageState.scheduled) {
    activate(kernel, timed, sendTarget(kernel.entities, timed.store.path));
  } else if (timed.place === place.locked) expireLock(kernel, timed);
  else expireWhileReady(kernel, timed);
}
