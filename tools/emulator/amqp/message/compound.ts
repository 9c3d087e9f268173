import { MalformedMessage } from "./malformed-message.js";
import { skipValue } from "./skip-value.js";

/**
 * Where each element of the list or map begins that is at `at`, and where the last one ends; keys and values of a map
 * alternate. The declared count is only held against what the bytes contain.
 *
 * @throws {MalformedMessage} when it is no such thing, is cut off, or says another count than it has
 */
export function elementsOf(bytes: Buffer, at: number, kind: "list" | "map"): number[] {
  const code = bytes[at] ?? 0;
  if (kind === "list" && code === emptyList) return [at + 1];
  const wide = code === (kind === "list" ? 0xd0 : 0xd1);
  if (!wide && code !== (kind === "list" ? 0xc0 : 0xc1)) throw new MalformedMessage(`A ${kind} is expected.`);
  const end = skipValue(bytes, at, bytes.length);
  const first = at + (wide ? 9 : 3);
  if (first > end) throw new MalformedMessage(`The count of a ${kind} is cut off.`);
  const count = wide ? bytes.readUInt32BE(at + 5) : (bytes[at + 2] ?? 0);
  const positions: number[] = [first];
  if (count > maxElements) throw new MalformedMessage(`A ${kind} of ${String(count)} elements is too long.`);
  for (let next = first; next < end; positions.push(next)) {
    if (positions.length > count) throw new MalformedMessage(`A ${kind} has more elements than it says.`);
    next = skipValue(bytes, next, end);
  }
  if (positions.length - 1 !== count)
    throw new MalformedMessage(`A ${kind} has fewer elements than it says.`);
  if (kind === "map" && count % 2 === 1) throw new MalformedMessage("A map has a key without a value.");
  return positions;
}

const emptyList = 0x45;
/** More than fit into the 64 KiB that the properties of a message may have. */
const maxElements = 70_000;
