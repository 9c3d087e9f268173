import type { BrokerMessage, PropertyValue } from "../../../../adapters/memory/broker/message.js";
import type { ByteWriter } from "./byte-writer.js";
import { pairsOf, type Pair } from "./property-pairs.js";
import { readSimple } from "./simple-value.js";
import { writeSimple } from "./write-simple.js";

type Properties = BrokerMessage["applicationProperties"];

/** Whether both say the same, so that the section can go out as it came. */
export function samePropertyValues(now: Properties, original: Properties): boolean {
  if (now === original) return true;
  let count = 0;
  for (const name in now) {
    if (!Object.hasOwn(original ?? {}, name) || !Object.is(now[name], original?.[name])) return false;
    count += 1;
  }
  for (const _name in original) count -= 1;
  return count === 0;
}

/**
 * Writes the section anew: changed and new properties from `now`, all others byte for byte, in their old order. A changed
 * property keeps its type where the value fits into it.
 *
 * @param original The properties as they were decoded from the map at `at` of `bytes`.
 */
export function writeApplicationProperties(
  writer: ByteWriter,
  now: Properties = {},
  original?: { readonly values: Properties; readonly bytes: Buffer; readonly at: number },
): void {
  const left = new Map<string, PropertyValue>(Object.entries(now));
  writer.section(0x74);
  const map = writer.begin(0xd1);
  let count = 0;
  const bytes = original?.bytes ?? empty;
  for (const { name, start, value, end } of original === undefined ? [] : lastOfEachName(original)) {
    const current = left.get(name);
    if (current === undefined) {
      // The broker removed it, unless it never saw it.
      if (readSimple(bytes, value) !== undefined) continue;
      writer.raw(bytes, start, end);
    } else if (Object.is(current, original?.values?.[name])) writer.raw(bytes, start, end);
    else {
      writer.raw(bytes, start, value);
      writeSimple(writer, current, bytes[value]);
    }
    left.delete(name);
    count += 2;
  }
  for (const [name, value] of left) {
    writer.string(name);
    writeSimple(writer, value, undefined);
    count += 2;
  }
  writer.end(map, count);
}

/** Where a map has two entries of one name, the last one counts. */
function lastOfEachName({ bytes, at }: { readonly bytes: Buffer; readonly at: number }): Iterable<Pair> {
  return new Map(pairsOf(bytes, at).map((pair) => [pair.name, pair])).values();
}

const empty = Buffer.alloc(0);
