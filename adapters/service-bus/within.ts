import { WaybillError, type Runtime } from "../../src/transport/index.js";

/** Gives operations of the SDK a limit that they cannot miss. */
export interface Deadline {
  readonly runtime: Runtime;
  readonly operationMs: number;
}

/**
 * The outcome of an operation of the SDK, or `timeout` when it has none in time. A later outcome is consumed, and
 * handed to `late`, so that nothing it brings is lost.
 */
export function within<T>(
  { runtime, operationMs }: Deadline,
  doing: string,
  operation: () => Promise<T>,
  late?: (outcome: T) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let over = false;
    const timer = runtime.after(operationMs, () => {
      over = true;
      reject(
        new WaybillError("timeout", `${doing}: the Azure SDK has not answered for ${String(operationMs)} ms`),
      );
    });
    operation().then(
      (outcome) => {
        timer.cancel();
        if (over) late?.(outcome);
        else resolve(outcome);
      },
      (error: unknown) => {
        timer.cancel();
        if (!over) reject(error);
      },
    );
  });
}
