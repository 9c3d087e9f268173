import { isUtf8 } from "node:buffer";
import { isWaybillError } from "../../../src/errors.js";
import { jsonCodec } from "../../../src/message/codec.js";
import { mutatedBytes } from "../mutate.js";
import { nearlyJson } from "../json-texts.js";
import { must, type Target, type Trial } from "../target.js";

/** Bodies of JSON channels, with their content types. */
export const jsonBodies: Target = {
  name: "json-bodies",
  make: (random) =>
    trial(
      mutatedBytes(random, nearlyJson(random)),
      random.chance(0.7) ? undefined : random.pick(contentTypes),
    ),
  refuses: (error) =>
    isWaybillError(error) && (error.code === "undecodable" || error.code === "unexpectedContentType"),
  growing: {
    "an array": (size) => trial(Buffer.from(`[${"1,".repeat(size)}1]`)),
    "nesting that is too deep": (size) => trial(Buffer.from("[".repeat(size) + "]".repeat(size))),
    "brackets in a text": (size) => trial(Buffer.from(JSON.stringify("[".repeat(size)))),
    "keys that are dropped": (size) => trial(Buffer.from(`[${'{"__proto__":{}},'.repeat(size)}1]`)),
    "an error at the end": (size) => trial(Buffer.from(`[${'{"a":"b"},'.repeat(size)}`)),
    "an unclosed text": (size) => trial(Buffer.from(`"${"\\n".repeat(size)}`)),
    "bytes that are no UTF-8": (size) => trial(Buffer.alloc(size, 0xff)),
  },
};

const contentTypes = [
  "application/json",
  "application/json; charset=utf-8",
  'APPLICATION/X+JSON;charset="UTF8"',
  "text/json;charset=latin1",
  "text/plain",
  ";;;===",
  "",
  "application/json;" + "a=b;".repeat(100),
];

function trial(body: Buffer, contentType?: string): Trial {
  return {
    input: { body: body.toString("latin1"), contentType },
    size: body.length + (contentType?.length ?? 0),
    run() {
      let value: unknown;
      try {
        value = jsonCodec.decode(body, contentType);
      } catch (error) {
        if (isWaybillError(error) && error.code === "undecodable") checkRefusal(body, error.message);
        throw error;
      }
      checkValue(body, value);
      return value;
    },
  };
}

/** Refused is only what the engine refuses, what is no UTF-8 and what is too deep; never with a part of the body. */
function checkRefusal(body: Buffer, message: string): void {
  must(
    /^the message body is (not UTF-8 text|nested deeper than 64 levels|not JSON: syntax error at character \d+)$/.test(
      message,
    ),
    "a refusal tells the position and nothing of the body",
  );
  if (!message.includes("not JSON")) return;
  let valid = true;
  try {
    JSON.parse(withoutMark(body));
  } catch {
    valid = false;
  }
  must(!valid, "what is JSON is taken");
  const position = Number(/\d+$/.exec(message)?.[0]);
  must(position <= body.length, "the position lies in the body");
}

function checkValue(body: Buffer, value: unknown): void {
  must(isUtf8(body), "text is UTF-8");
  const again = jsonCodec.decode(jsonCodec.encode(value), undefined);
  must(JSON.stringify(again) === JSON.stringify(value), "what was read can be written and read again");
  const text = withoutMark(body);
  if (text.includes("__proto__") || text.includes("\\u00")) return;
  must(JSON.stringify(JSON.parse(text)) === JSON.stringify(value), "the engine reads the same");
}

const withoutMark = (body: Buffer): string => body.toString("utf8").replace(/^\ufeff/, "");
