import { WaybillError } from "../errors.js";
import { isJson, isUtf8Text, parseContentType } from "./content-type.js";
import { type JsonLimits, defaultMaxDepth, isDeeperThan, parseJson } from "./json-text.js";
import { unserialisablePath } from "./unserialisable-path.js";

/** Turns data into bytes and back. Pure, synchronous and the same in every process of a channel. */
export interface Codec {
  /** What {@link Codec.encode} makes, for the message. */
  readonly contentType: string;
  /** @throws {WaybillError} `notSerialisable` */
  encode(data: unknown): Uint8Array;
  /**
   * Must take whatever a sender of the channel may have put into the body.
   * @throws {WaybillError} `undecodable`, or `unexpectedContentType` where the body is of another kind.
   */
  decode(body: Uint8Array, contentType: string | undefined): unknown;
}

/** JSON with the default limits. */
export const jsonCodec: Codec = createJsonCodec();

/**
 * Makes a codec for JSON in UTF-8.
 *
 * It reads `application/json`, everything with the suffix `+json`, and bodies without a content type. A byte order
 * mark is skipped, keys named `__proto__` are dropped, of duplicate keys the last one counts.
 */
export function createJsonCodec(limits: JsonLimits = {}): Codec {
  const { maxDepth = defaultMaxDepth } = limits;
  return {
    contentType: "application/json",
    encode: (data) => encodeJson(data, maxDepth),
    decode: (body, contentType) => {
      checkContentType(contentType);
      return parseJson(body, limits);
    },
  };
}

function encodeJson(data: unknown, maxDepth: number): Uint8Array {
  let text: string | undefined;
  try {
    text = JSON.stringify(data);
  } catch (cause) {
    throw notSerialisable(unserialisablePath(data), cause);
  }
  if (text === undefined) throw notSerialisable(`it is ${typeof data}, which JSON does not have`);
  if (isDeeperThan(text, maxDepth)) {
    throw notSerialisable(
      `it is nested deeper than ${String(maxDepth)} levels, and a receiver would refuse it`,
    );
  }
  return Buffer.from(text);
}

const notSerialisable = (problem: string, cause?: unknown): WaybillError =>
  new WaybillError("notSerialisable", `the data cannot be sent as JSON: ${problem}`, { cause });

function checkContentType(contentType: string | undefined): void {
  if (contentType === undefined || contentType === "application/json" || contentType === "") return;
  const parsed = parseContentType(contentType);
  if (isJson(parsed) && isUtf8Text(parsed)) return;
  const shown = JSON.stringify(contentType.slice(0, 100));
  throw new WaybillError(
    "unexpectedContentType",
    `the message has the content type ${shown}, the codec of this channel reads JSON in UTF-8: give the channel a codec for it`,
  );
}
