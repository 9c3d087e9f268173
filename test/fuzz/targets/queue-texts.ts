import { readText } from "../../../adapters/storage-queue/message-delivery.js";
import { bytesOf, textOf } from "../../../adapters/storage-queue/message-text.js";
import { corpus } from "../corpus.js";
import { nearlyJson } from "../json-texts.js";
import { mutated } from "../mutate.js";
import type { Random } from "../random.js";
import { must, type Target, type Trial } from "../target.js";
import { hostileText } from "../texts.js";
import { checkEnvelope } from "./amqp-messages.js";

/** Texts of a storage queue, in base64 or as they are, of ours or of anybody: each becomes a message, or a defect of one. */
export const queueTexts: Target = {
  name: "queue-texts",
  make: (random) => trial(queueText(random)),
  refuses: () => false,
  growing: {
    "text that is no base64": (size) => trial("=".repeat(size)),
    base64: (size) => trial("AAAA".repeat(size)),
    "an event in base64": (size) => trial(encoded(`{"specversion":"1.0","data":"${"x".repeat(size)}"}`)),
    "what calls itself an event": (size) => trial(`{"specversion"${'{"specversion"'.repeat(size)}`),
  },
};

function trial(text: string): Trial {
  return {
    input: text,
    size: text.length,
    run() {
      const { envelope, defect, isEvent } = readText("a message id", text);
      checkEnvelope(envelope);
      must(!isEvent || defect === undefined, "an event that was read has no defect");
      must(
        isEvent || Buffer.from(envelope.body).equals(bytesOf(text)),
        "a foreign message has all of the text as its body",
      );
      must(isEvent || envelope.id === "a message id", "a foreign message is named by the service");
      return envelope;
    },
  };
}

const encoded = (text: string): string => textOf(Buffer.from(text));

const samples = corpus("cloud-events");
const tokens = ["=", "==", "/", "+", "-", "_", "\n", '"specversion"', "{", "}"];

function queueText(random: Random): string {
  const text = random.chance(0.5)
    ? random.pick(samples)
    : random.chance(0.5)
      ? nearlyJson(random)
      : hostileText(random);
  const changed = random.chance(0.5) ? mutated(random, text, tokens) : text;
  const spelled = random.chance(0.6) ? encoded(changed) : changed;
  return random.chance(0.3) ? mutated(random, spelled, tokens) : spelled;
}
