import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { videos } from "tailwind-contracts";
import { expect, it, onTestFinished } from "vitest";
import { fileBlobs } from "waybill/file-system";
import { testBus } from "waybill/testing";
import { publish, studio, windowDresser, type ShopWindow } from "../services/media.js";

const mug = { stockCode: "21731", title: "A red mug, from all sides" };

/** Remembers the digest of what it showed. */
function shopWindow(): ShopWindow & { readonly shown: [string, string][] } {
  const shown: [string, string][] = [];
  return {
    shown,
    show: async (stockCode, video) => {
      const digest = createHash("sha256");
      for await (const piece of video) digest.update(piece);
      shown.push([stockCode, digest.digest("hex")]);
    },
  };
}

async function directory(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "tailwind-media-"));
  onTestFinished(() => rm(made, { recursive: true }));
  return made;
}

it("shows the video that was filmed", async () => {
  const window = shopWindow();
  const claimCheck = { store: fileBlobs(await directory()) };
  await using bus = await testBus([studio, windowDresser], { deps: { shopWindow: window }, claimCheck });
  const video = Buffer.alloc(3_000_000, "frame ");
  await publish(bus.app(studio), mug, video);
  await bus.settle();
  expect(window.shown).toEqual([["21731", createHash("sha256").update(video).digest("hex")]]);
});

it("never shows a video that somebody changed", async () => {
  const window = shopWindow();
  const folder = await directory();
  const claimCheck = { store: fileBlobs(folder) };
  await using bus = await testBus([studio, windowDresser], { deps: { shopWindow: window }, claimCheck });
  await publish(bus.app(studio), mug, Buffer.alloc(3_000_000, "frame "));
  const [day = ""] = (await readdir(folder)).filter((name) => name !== "incoming");
  const [file = ""] = await readdir(join(folder, day));
  await writeFile(join(folder, day, file), Buffer.alloc(3_000_000, "advertisement "));
  await bus.settle();
  expect(window.shown).toEqual([]);
  expect(bus.deadLetters(videos)).toMatchObject([{ reason: "Undecodable" }]);
});
