import {
  deadLetterReasons,
  fromDeadLetterProperties,
  maxDeadLetterBytes,
  toDeadLetterProperties,
} from "../../../src/message/dead-letter-record.js";
import { corpus } from "../corpus.js";
import type { Random } from "../random.js";
import { must, type Target, type Trial } from "../target.js";
import { hostileText, names } from "../texts.js";
import { bagOf, hostileValue } from "../values.js";

/** What dead letters say of their end: properties that anybody may have written. */
export const deadLetters: Target = {
  name: "dead-letters",
  make: (random) =>
    trial(bagOf(random, propertyName, valueOf), {
      deadLetterReason: random.pick([undefined, "", "MaxDeliveryCountExceeded", hostileText(random)]),
      deadLetterErrorDescription: random.pick([
        undefined,
        hostileText(random, 100),
        random.pick(texts).repeat(20),
      ]),
    }),
  refuses: () => false,
  growing: {
    "the description of the broker": (size) =>
      trial({}, { deadLetterReason: "TTLExpiredException", deadLetterErrorDescription: "x ".repeat(size) }),
    "the written description": (size) =>
      trial({ wbdlreason: "Manual", wbdldescription: "x ".repeat(size) }, {}),
  },
};

type Native = Parameters<typeof fromDeadLetterProperties>[1];

const texts = corpus("texts");
const ownNames =
  "wbdlreason wbdldescription wbdlattempts wbdldeliveries wbdlconsumer wbdlfrom wbdlat wbdlfirstfailed wbdlerror wbdlcode wbdlstack cloudEvents_wbattempt".split(
    " ",
  );

const propertyName = (random: Random): string => random.pick(random.chance(0.8) ? ownNames : names);

function valueOf(random: Random): unknown {
  const kind = random.below(4);
  if (kind === 0) return random.pick([...deadLetterReasons]);
  return kind === 1 ? random.pick(texts) : hostileValue(random);
}

function trial(properties: Readonly<Record<string, unknown>>, native: Native): Trial {
  return {
    input: { properties, native },
    size: sizeOf(properties) + sizeOf({ ...native }),
    run() {
      const record = fromDeadLetterProperties(properties, native);
      must(deadLetterReasons.has(record.reason), "the reason is one of ours");
      for (const count of [record.attempts, record.deliveryCount]) {
        must(Number.isSafeInteger(count) && count >= 0, "counts are whole and not negative");
      }
      for (const text of Object.values(record)) {
        if (typeof text !== "string") continue;
        must(text.length <= maxDeadLetterBytes, "texts are bounded");
        must(!/\p{Cc}/u.test(text), "texts have no control characters");
      }
      const written = toDeadLetterProperties(record);
      must(bytesOf(written) <= maxDeadLetterBytes, "all that is written has at most 8 KiB");
      const again = toDeadLetterProperties(fromDeadLetterProperties(written));
      for (const [name, value] of Object.entries(written)) {
        // A cut may leave the name of a secret with half of its value, which is then a secret again.
        const cut = String(value).includes("…");
        must(cut || again[name] === value, "what was written is read as the same");
      }
      return record;
    },
  };
}

function sizeOf(bag: Readonly<Record<string, unknown>>): number {
  let size = 0;
  for (const name in bag) {
    const value = bag[name];
    size += name.length + (typeof value === "string" ? value.length : 8);
  }
  return size;
}

const bytesOf = (written: Readonly<Record<string, string | number>>): number =>
  Object.entries(written).reduce(
    (sum, [name, value]) => sum + name.length + Buffer.byteLength(String(value)),
    0,
  );
