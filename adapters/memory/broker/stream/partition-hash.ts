/**
 * The partition of a key, as the service and Microsoft's clients choose it: Jenkins lookup3 with zero seeds over the
 * UTF-8 bytes, its two results folded to 16 bits, modulo the partition count (`@azure/event-hubs` 6.0.4).
 */
export function partitionOfKey(key: string, partitions: number): number {
  return Math.abs(hashPartitionKey(key) % partitions);
}

/** The signed 16-bit hash of a key. */
export function hashPartitionKey(key: string): number {
  const bytes = encoder.encode(key);
  const state = { a: 0, b: 0, c: 0 };
  state.a = state.b = state.c = (0xdeadbeef + bytes.length) | 0;
  let start = 0;
  for (; bytes.length - start > 12; start += 12) {
    addBlock(state, bytes, start);
    mix(state);
  }
  // An empty key is not even finished, which leaves b equal to c and the hash 0.
  if (bytes.length > 0) {
    addBlock(state, bytes, start);
    finish(state);
  }
  return ((state.b ^ state.c) << 16) >> 16;
}

const encoder = new TextEncoder();

/** Three 32-bit integers, with wrapping arithmetic. */
interface State {
  a: number;
  b: number;
  c: number;
}

/** Adds up to twelve bytes; those past the end count as zero. */
function addBlock(state: State, bytes: Uint8Array, start: number): void {
  state.a = (state.a + word(bytes, start)) | 0;
  state.b = (state.b + word(bytes, start + 4)) | 0;
  state.c = (state.c + word(bytes, start + 8)) | 0;
}

function word(bytes: Uint8Array, at: number): number {
  const byte = (index: number): number => bytes[index] ?? 0;
  return byte(at) | (byte(at + 1) << 8) | (byte(at + 2) << 16) | (byte(at + 3) << 24);
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function mix(state: State): void {
  let { a, b, c } = state;
  a = (a - c) ^ rotate(c, 4);
  c = (c + b) | 0;
  b = (b - a) ^ rotate(a, 6);
  a = (a + c) | 0;
  c = (c - b) ^ rotate(b, 8);
  b = (b + a) | 0;
  a = (a - c) ^ rotate(c, 16);
  c = (c + b) | 0;
  b = (b - a) ^ rotate(a, 19);
  a = (a + c) | 0;
  c = (c - b) ^ rotate(b, 4);
  b = (b + a) | 0;
  Object.assign(state, { a, b, c });
}

function finish(state: State): void {
  let { a, b, c } = state;
  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  c = ((c ^ b) - rotate(b, 24)) | 0;
  Object.assign(state, { a, b, c });
}
