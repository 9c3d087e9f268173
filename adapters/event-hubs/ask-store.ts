import { tellable, WaybillError, within, withoutSecrets, type Deadline } from "../../src/transport/index.js";

/**
 * Asks a checkpoint or park store, within the deadline. `doing` says what, such as `cannot park an event of "orders"`.
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
    const text = cause instanceof Error ? cause.message : String(cause);
    const told = `${doing}: ${withoutSecrets(text).slice(0, maxTextLength)}`;
    throw tellable(new WaybillError("storeFailed", told, { cause }));
  }
}

const maxTextLength = 1_000;
