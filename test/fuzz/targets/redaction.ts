import { redact } from "../../../src/message/redact.js";
import { corpus } from "../corpus.js";
import { mutated } from "../mutate.js";
import type { Random } from "../random.js";
import { must, type Target, type Trial } from "../target.js";
import { hostileText } from "../texts.js";

/** Remote text on its way into logs, errors and dead letters. */
export const redaction: Target = {
  name: "redaction",
  make(random) {
    const length = random.pick([0, 1, 20, 256, 1024, 8192]);
    return random.chance(0.3) ? planted(random, length) : trial(remoteText(random), length);
  },
  refuses: () => false,
  growing: {
    "a long text": (size) => trial("word ".repeat(size), 1024),
    escapes: (size) => trial("\u001b[".repeat(size), 1024),
  },
};

const samples = corpus("texts");
const tokens = [
  "SharedAccessKey=",
  "Bearer ",
  "sig=",
  "://",
  "@",
  "eyJ",
  ".",
  "?code=",
  "password: ",
  "\u001b[",
  ";",
  "&",
];

function remoteText(random: Random): string {
  const text = random.chance(0.6) ? mutated(random, random.pick(samples), tokens) : hostileText(random, 200);
  return random.chance(0.02) ? text.repeat(random.below(400)) : text;
}

function trial(text: string, length: number): Trial {
  return {
    input: { text, length },
    size: text.length,
    run() {
      const clean = redact(text, length);
      must(clean.length <= Math.max(1, length), "the text is as long as it may be");
      must(
        !/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(clean),
        "no character moves a cursor or turns the text",
      );
      return clean;
    },
  };
}

/** The spellings after which a secret must not be seen. */
const spellings: readonly (readonly [before: string, after: string])[] = [
  ["SharedAccessKey=", ";EntityPath=q"],
  ["AccountKey=", ";x"],
  ["Authorization: Bearer ", ""],
  ["authorization=SharedAccessSignature ", " "],
  ["aeg-sas-key: ", " next"],
  ['"password":"', '"'],
  ["client_secret=", "&x=1"],
  ["https://h/p?code=", "&y=2"],
  ["https://h/p?a=1&sig=", " refused"],
  ["amqps://user:", "@host"],
];

function planted(random: Random, length: number): Trial {
  const secret = `s3cr3t${String(random.below(1e9))}`;
  const [before, after] = random.pick(spellings);
  const text = `${noise(random)} ${before}${secret}${after} ${noise(random)}`;
  return {
    input: { text, length },
    size: text.length,
    run() {
      const clean = redact(text, length);
      must(!clean.includes(secret), "a secret after its name is not shown");
      return clean;
    },
  };
}

/** Words around a secret, without the characters that would be part of its value. */
const noise = (random: Random): string =>
  random.pick(["", "failed:", "at 10:05 (", "\n\t", "é名", "GET /orders"]);
