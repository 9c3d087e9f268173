import { memoryBlobs } from "../../../adapters/memory/index.js";
import type { BlobStore } from "../../store/blob-store.js";
import { behavioursOf, type Behaviour } from "./behaviour.js";
import { check, present, refused, same } from "./check.js";
import type { Kit } from "./kit.js";

const { core } = behavioursOf("K");

/** A store that tells what was put into it. */
function noting(): { readonly store: BlobStore; readonly puts: Put[] } {
  const inner = memoryBlobs();
  const puts: Put[] = [];
  const put: BlobStore["put"] = async (name, content, options) => {
    await inner.put(name, content, options);
    puts.push({ name, expiresAtMs: options.expiresAtMs });
  };
  return { store: { ...inner, put }, puts };
}

interface Put {
  readonly name: string;
  readonly expiresAtMs: number;
}

const hourMs = 3_600_000;

export const claimChecked: readonly Behaviour[] = [
  core(
    122,
    "large-payload offload (claim check) roundtrip, lifetime > ttl",
    { gates: ["claimCheck"] },
    async (kit) => {
      const conduit = kit.conduit({ ttl: "1h" });
      const { store, puts } = noting();
      const texts: (string | undefined)[] = [];
      const worker = await kit.work({
        reads: conduit,
        sends: [conduit],
        handler: ({ data }) => {
          texts.push(data.text);
          if (texts.length === 1) throw new Error("once more");
        },
        options: { retry: { attempts: 2, backoff: () => 100 } },
        claimCheck: { store },
      });
      const text = "x".repeat(kit.capabilities.maxMessageBytes + 1);
      const sentMs = kit.time.runtime.now();
      await worker.send(conduit, { n: 1, text });
      await kit.time.until(() => texts.length === 2, "it is handled, and again after it failed");
      check(
        texts.every((each) => each === text),
        "the handler gets the whole text on both runs",
      );
      same(puts.length, 1, "blobs that were written");
      const put = present(puts[0], "a blob");
      check(put.expiresAtMs > sentMs + hourMs, "the blob lives longer than the message");

      await worker.send(conduit, { n: 2, text: `${text}y` });
      await kit.time.until(() => texts.length === 3, "the next one is handled");
      await isNotHandedOverSpoiled(kit);
      await refused(
        () => kit.work({ name: "short", sends: [kit.conduit()], claimCheck: { store, retention: "0s" } }),
        { codes: ["invalidOption"] },
        "a retention of nothing",
      );
    },
  ),
];

/** Data that is not what its message says does not reach a handler; the message is put aside and goes on naming it. */
async function isNotHandedOverSpoiled(kit: Kit): Promise<void> {
  const conduit = kit.conduit();
  const inner = memoryBlobs();
  const spoiling: BlobStore = {
    ...inner,
    put: (name, content, options) =>
      inner.put(name, content instanceof Uint8Array ? content.map((byte) => byte ^ 1) : content, options),
  };
  let handled = 0;
  const worker = await kit.work({
    name: "spoiled",
    reads: conduit,
    sends: [conduit],
    handler: () => void (handled += 1),
    claimCheck: { store: spoiling },
  });
  await worker.send(conduit, { n: 1, text: "x".repeat(kit.capabilities.maxMessageBytes + 1) });
  if (kit.capabilities.receivers[kit.kind]?.deadLetter !== true) {
    await kit.time.pass(500);
    same(handled, 0, "handler runs with spoiled data");
    return;
  }
  await kit.time.until(() => worker.events.some(({ event }) => event === "deadLettered"), "it is put aside");
  same(handled, 0, "handler runs with spoiled data");
  const [letter] = await kit.time.finish(worker.app.deadLetters(conduit.channel).peek());
  const { reason, data } = present(letter, "a dead letter");
  same([reason, data], ["Undecodable", undefined], "what the dead letter says and shows");
}
