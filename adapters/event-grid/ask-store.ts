import { redact, tellable, WaybillError, within, type Deadline } from "../../src/transport/index.js";

/**
 * Asks a store of dead letters, within the deadline. `doing` says what, such as `cannot park an event of "orders"`.
 * @throws {WaybillError} `storeFailed`, whatever the store threw
 */
export async function askStore<T>(
  deadline: Deadline,
  doing: string,
  operation: () => T | Promise<T>,
): Promise<T> {
  try {
    return await within(deadline, doing, async () => operation());
  } catch (cause) {
    const text = redact(cause instanceof Error ? cause.message : String(cause), maxTextLength);
    throw tellable(new WaybillError("storeFailed", `${doing}: ${text}`, { cause }));
  }
}

const maxTextLength = 1_000;
