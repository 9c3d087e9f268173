import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { fixed, service } from "waybill";
import { blobStore } from "waybill/blob";
import { command, queue } from "waybill/contracts";
import { fileBlobs } from "waybill/file-system";
import type { BlobStore } from "waybill/store";
import { testBus } from "waybill/testing";
import { Containers } from "../blob/containers.js";

const Print = command("shop.print", { version: 1, schema: z.object({ text: z.string() }) });
const prints = queue("prints", { messages: { print: Print } });

let containers: Containers;
let folder: string;
beforeAll(async () => {
  containers = await Containers.start();
  folder = await mkdtemp(join(tmpdir(), "waybill-outage-"));
});
afterAll(async () => {
  await containers.close();
  await rm(folder, { recursive: true, force: true });
});

/** A store that can be taken away as a whole. */
interface Gone {
  readonly store: BlobStore;
  leave(): Promise<void>;
  comeBack(): Promise<void>;
}

async function container(): Promise<Gone> {
  const there = blobStore(await containers.next());
  const gone = blobStore(containers.named("gone"));
  let current = there;
  return {
    store: { ...there, open: (name, signal) => current.open(name, signal) },
    leave: async () => void (current = gone),
    comeBack: async () => void (current = there),
  };
}

async function directory(): Promise<Gone> {
  const path = join(folder, "share");
  return {
    store: fileBlobs(path),
    leave: () => rename(path, `${path}-elsewhere`),
    comeBack: () => rename(`${path}-elsewhere`, path),
  };
}

describe("a message whose store is gone as a whole", () => {
  it.each([
    ["a container", container, 'blob container "gone" does not exist: create it'],
    ["a directory", directory, "is none that blobs were written to: mount it"],
  ])("waits for it, spends no attempt, and says what is missing: %s", async (_, create, says) => {
    const seen: string[] = [];
    const printer = service("printer").consume(
      prints,
      { print: ({ data }) => void seen.push(data.text) },
      { retry: { attempts: 2, backoff: fixed("1m") } },
    );
    const { store, leave, comeBack } = await create();
    await using bus = await testBus(printer, { claimCheck: { store, overBytes: 100 } });
    await bus.deliver(prints.print, { text: "x".repeat(1_000) });
    await leave();
    await bus.settle({ advance: "6h" });
    expect(bus.deadLetters()).toEqual([]);
    const waits = bus.events.filter((event) => event.event === "retryScheduled");
    expect(waits.length).toBeGreaterThan(100);
    expect(waits.every(({ counted }) => !counted)).toBe(true);
    expect(waits[0]?.error).toMatchObject({
      code: "storeFailed",
      message: expect.stringContaining(says) as string,
    });
    await comeBack();
    await bus.settle({ advance: "3h" });
    expect(seen).toEqual(["x".repeat(1_000)]);
  });
});
