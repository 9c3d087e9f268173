import type { ServiceBusSessionReceiver } from "@azure/service-bus";
import { within, type Deadline } from "../../src/transport/index.js";
import { mapError } from "./map-error.js";

/** What is kept with a session; nothing if nothing is. @throws {WaybillError} why it cannot be read */
export async function readSessionState(
  deadline: Deadline,
  link: ServiceBusSessionReceiver,
): Promise<Uint8Array | undefined> {
  const doing = `cannot read the state of session "${link.sessionId}"`;
  try {
    return fromSessionState(await within(deadline, doing, () => link.getSessionState()));
  } catch (error) {
    throw mapError(error, doing);
  }
}

/** Keeps that with a session, or clears it. @throws {WaybillError} why it cannot be kept */
export async function writeSessionState(
  deadline: Deadline,
  link: ServiceBusSessionReceiver,
  state: Uint8Array | undefined,
): Promise<void> {
  const doing = `cannot keep the state of session "${link.sessionId}"`;
  try {
    await within(deadline, doing, () => link.setSessionState(toSessionState(state)));
  } catch (error) {
    throw mapError(error, doing);
  }
}

/**
 * Session state is bytes for us and for the service, but the SDK reads as JSON whatever can be read so. What would not
 * come back as the same bytes gets a zero byte in front, which no JSON begins with.
 */
function toSessionState(state: Uint8Array | undefined): Buffer | null {
  if (state === undefined) return null;
  const bytes = Buffer.from(state);
  return bytes[0] === 0 || changesAsJson(bytes) ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
}

/** The bytes of what the SDK made of them. */
function fromSessionState(state: unknown): Uint8Array | undefined {
  if (state === undefined || state === null) return undefined;
  if (!(state instanceof Uint8Array)) return Buffer.from(JSON.stringify(state));
  return state[0] === 0 ? state.subarray(1) : state;
}

function changesAsJson(bytes: Buffer): boolean {
  const text = bytes.toString();
  try {
    const read: unknown = JSON.parse(text);
    return read === null || JSON.stringify(read) !== text;
  } catch {
    return false;
  }
}
