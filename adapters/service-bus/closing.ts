import { within, type Deadline } from "../../src/transport/index.js";

/** The longest that one step of closing may take, in milliseconds: nobody waits for what it answers. */
const maxClosingMs = 5_000;

/** Waits for a step of closing, for a short while; that it failed is not ours to report. */
export function closed(deadline: Deadline, doing: string, step: () => Promise<unknown>): Promise<void> {
  const operationMs = Math.min(deadline.operationMs, maxClosingMs);
  return within({ ...deadline, operationMs }, `cannot ${doing}`, step).then(
    () => undefined,
    () => undefined,
  );
}
