import { isDeepStrictEqual } from "node:util";
import { isWaybillError } from "../../../src/errors.js";
import type { Envelope } from "../../../src/message/envelope.js";
import { fromStructuredJson, toStructuredJson } from "../../../src/message/structured-json.js";
import { corpus } from "../corpus.js";
import { jsonText, nearlyJson } from "../json-texts.js";
import { mutated, mutatedBytes } from "../mutate.js";
import type { Random } from "../random.js";
import { must, type Target, type Trial } from "../target.js";
import { checkEnvelope } from "./amqp-messages.js";

/** CloudEvents in structured JSON, as Event Grid and Storage Queues carry them. */
export const cloudEvents: Target = {
  name: "cloud-events",
  make: (random) => trial(mutatedBytes(random, eventText(random))),
  refuses: (error) => isWaybillError(error) && error.code === "undecodable",
  growing: {
    attributes: (size) => event(Array.from({ length: size }, (_, at) => `"x${String(at)}":"v"`).join()),
    "the same member again": (size) => event(`"data":1${',"data":1'.repeat(size)}`),
    "an escaped name of a member": (size) => event(`"d\\u0061ta":1${',"d\\u0061ta":1'.repeat(size)}`),
    "an array as data": (size) => event(`"data":[${"1,".repeat(size)}1]`),
    "base64 as data": (size) => event(`"data_base64":"${"AAAA".repeat(size)}"`),
    headers: (size) => event(`"wbheaders":"{${'\\"a\\":1,'.repeat(size)}\\"b\\":2}"`),
  },
};

const event = (members: string): Trial => trial(Buffer.from(`{"specversion":"1.0","id":"a",${members}}`));

function trial(bytes: Buffer): Trial {
  return {
    input: bytes.toString("latin1"),
    size: bytes.length,
    run() {
      const envelope = fromStructuredJson(bytes);
      checkEnvelope(envelope);
      const copy = fromStructuredJson(toStructuredJson(envelope));
      must(isDeepStrictEqual(asJson(copy), asJson(envelope)), "a copy on the wire is read as the same");
      checkData(bytes, envelope.body);
      return envelope;
    },
  };
}

/** JSON has no negative zero. */
const asJson = (envelope: Envelope): unknown => JSON.parse(JSON.stringify(envelope));

/** JSON data becomes the body as it stands. */
function checkData(bytes: Buffer, body: Uint8Array): void {
  const parsed = JSON.parse(bytes.toString("utf8").replace(/^\ufeff/, "")) as Readonly<
    Record<string, unknown>
  >;
  const { data } = parsed;
  if (typeof data !== "object" || data === null || typeof parsed["data_base64"] === "string") return;
  must(
    JSON.stringify(JSON.parse(Buffer.from(body).toString())) === JSON.stringify(data),
    "the body is the data",
  );
}

const samples = corpus("cloud-events");
const attributes =
  "specversion id source type subject time datacontenttype dataschema wbversion wbttl wbattempt wbheaders wbto traceparent data data_base64 __proto__ constructor".split(
    " ",
  );
const tokens = [
  '"data":',
  '"data_base64":"',
  '"id":"x",',
  '"specversion":"1.0",',
  ",",
  "{",
  "}",
  '"',
  "\\u0061",
  "\\",
];

function eventText(random: Random): string {
  const kind = random.below(10);
  if (kind === 0) return nearlyJson(random);
  if (kind < 5) return mutated(random, random.pick(samples), tokens);
  const members = ['"specversion":"1.0"', '"id":"e"'];
  for (let left = random.below(8); left > 0; left -= 1) {
    members.splice(random.below(members.length + 1), 0, `"${random.pick(attributes)}":${valueText(random)}`);
  }
  const text = `{${members.join()}}`;
  return kind < 7 ? mutated(random, text, tokens) : text;
}

function valueText(random: Random): string {
  const kind = random.below(6);
  if (kind < 2)
    return random.pick(['"application/json"', '"text/plain"', '"1.0"', '"e-2"', '"AAEC"', "7", '"7"', '""']);
  return kind === 2 ? JSON.stringify(jsonText(random, 2)) : jsonText(random, 3);
}
