/**
 * Session state is bytes for us and for the service, but the SDK reads as JSON whatever can be read so. What would not
 * come back as the same bytes gets a zero byte in front, which no JSON begins with.
 */
export function toSessionState(state: Uint8Array | undefined): Buffer | null {
  if (state === undefined) return null;
  const bytes = Buffer.from(state);
  return bytes[0] === 0 || changesAsJson(bytes) ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
}

/** The bytes of what the SDK made of them. */
export function fromSessionState(state: unknown): Uint8Array | undefined {
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
