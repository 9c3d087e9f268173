import type { FromChild, FromParent, Kept } from "../wire.js";

/** Asks the parent process, which outlives this one. */
export type Ask = (on: Kept, method: string, ...args: readonly unknown[]) => Promise<unknown>;

export function say(message: FromChild): void {
  process.send?.(message);
}

/** Calls to the parent over the channel of the process; `stop` is called when the parent says so. */
export function callsToParent(stop: () => void): Ask {
  const waiting = new Map<number, (value: unknown) => void>();
  let last = 0;
  process.on("message", (message: FromParent) => {
    if (message.kind === "stop") {
      stop();
      return;
    }
    waiting.get(message.call)?.(message.value);
    waiting.delete(message.call);
  });
  return (on, method, ...args) => {
    last += 1;
    const call = last;
    return new Promise((resolve) => {
      waiting.set(call, resolve);
      say({ kind: "call", call, on, method, args });
    });
  };
}
