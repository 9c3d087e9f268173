import type { HeaderValue, MessageFilter } from "../../src/transport/index.js";
import type { FilterDescription } from "./broker/notifier/filter.js";

/**
 * The filter of a pull subscription. Event Grid compares types and keys without case.
 *
 * Headers travel in one extension, the text of a JSON object, so that a header's value is found as a part of that text:
 * a quoted name and its value, which no value can contain, because quotes inside a value are escaped.
 */
export function listenerFilter({
  types,
  where,
  keyBeginsWith,
  keyEndsWith,
}: MessageFilter): FilterDescription {
  return {
    // An empty list means every type there, so that no type is said by one that no event has.
    ...(types !== undefined ? { includedEventTypes: types.length === 0 ? [""] : types } : {}),
    ...(keyBeginsWith !== undefined ? { subjectBeginsWith: keyBeginsWith } : {}),
    ...(keyEndsWith !== undefined ? { subjectEndsWith: keyEndsWith } : {}),
    ...(where !== undefined
      ? {
          advancedFilters: Object.entries(where).map(([name, value]) => ({
            operatorType: "StringContains" as const,
            key: "wbheaders",
            values: spellings(name, value),
          })),
        }
      : {}),
  };
}

/** Followed by what may follow, so that 1 is not found in 10. */
const spellings = (name: string, value: HeaderValue): string[] =>
  [",", "}"].map((end) => `${JSON.stringify(name)}:${JSON.stringify(value)}${end}`);
