import { readFileSync } from "node:fs";
import { join } from "node:path";
import { once } from "node:events";
import {
  earliestEventPosition,
  EventHubProducerClient,
  type EventHubConsumerClient,
  type SubscriptionEventHandlers,
} from "@azure/event-hubs";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startEmulator, type Emulator } from "waybill-tools/emulator";
import { emulatorCoverage, coveragePage } from "../../scripts/emulator-coverage.js";
import { root } from "../../scripts/entries.js";
import { createProgram } from "../../tools/cli/program.js";
import { defaultLimits } from "../../tools/emulator/amqp/engine/limits.js";
import { defaultHttpLimits } from "../../tools/emulator/http/limits.js";
import { startAzurite, type Azurite } from "../azurite.js";
import { extracted } from "./extracted.js";

const page = readFileSync(join(root, "docs/emulator.md"), "utf8");
const folder = extracted("docs/emulator.md");

// The tests of the page register themselves here, as a reader's runner would run them.
describe("docs/emulator.md", async () => {
  await import(join(folder, "orders.test.ts"));

  it("connects every SDK as it says", async () => {
    const printed = vi.spyOn(console, "log").mockImplementation(() => undefined);
    await import(join(folder, "page.ts"));
    expect(printed.mock.calls).toEqual([[["first", "second"]], [{ orderId: "536365" }]]);
    printed.mockRestore();
  });
});

describe("the processor of docs/emulator.md", () => {
  let azurite: Azurite;
  let emulator: Emulator;

  beforeAll(async () => {
    [azurite, emulator] = await Promise.all([
      startAzurite(),
      startEmulator({ port: 0, httpPort: 0, createOnUse: true }),
    ]);
  });
  afterAll(() => Promise.all([azurite.close(), emulator.close()]));

  it("claims partitions, reads them and keeps checkpoints in blobs", async () => {
    const { processor } = (await import(join(folder, "checkpoints.ts"))) as {
      readonly processor: (hubs: string, blobs: string) => Promise<EventHubConsumerClient>;
    };
    emulator.namespace().createHub("clicks", { partitions: 1 });
    const producer = new EventHubProducerClient(emulator.eventHubs.connectionString, "clicks");
    await producer.sendBatch([{ body: "read" }]);
    await producer.close();
    const reader = await processor(emulator.eventHubs.connectionString, azurite.connectionString);
    const told = new EventTarget();
    const handlers: SubscriptionEventHandlers = {
      async processEvents([first], context) {
        if (first === undefined) return;
        await context.updateCheckpoint(first);
        told.dispatchEvent(new Event("stored"));
      },
      processError: () => Promise.resolve(),
    };
    reader.subscribe(handlers, { startPosition: earliestEventPosition });
    await once(told, "stored");
    await reader.close();
  });
});

describe("the tables of docs/emulator.md", () => {
  it("have every flag of the command, with its default, and no other", () => {
    const [command] = createProgram().commands;
    const flags = command?.options.map(({ flags, defaultValue }) => {
      const shown = typeof defaultValue === "string" || typeof defaultValue === "number";
      return [flags, ...(shown ? [String(defaultValue)] : [])];
    });
    const documented = rowsOf("flags").flatMap(([names = "", value = ""]) =>
      codesIn(names).map((name) => [name, ...codesIn(value)]),
    );
    expect(documented).toEqual(flags);
  });

  it("have every option of startEmulator, and no other", () => {
    const documented = rowsOf("options").flatMap(([names = ""]) => codesIn(names));
    expect(documented.sort()).toEqual([...membersOf("tools/emulator/options.ts", "EmulatorOptions")].sort());
  });

  it("have every limit, with its default", () => {
    const documented = rowsOf("limits")
      .map(([name = "", value = ""]) => [codesIn(name)[0], Number(codesIn(value)[0]?.replaceAll("_", ""))])
      .filter(([name]) => !String(name).startsWith("limits."));
    expect(documented).toEqual([...Object.entries(defaultLimits), ...Object.entries(defaultHttpLimits)]);
  });
});

describe("docs/emulator-coverage.md", () => {
  it(
    "names the tests that call the clients: run `npx tsx scripts/emulator-coverage.ts`",
    async () => {
      expect(readFileSync(coveragePage, "utf8")).toBe(await emulatorCoverage());
    },
    // The compiler reads every test of the emulator, with the types of four SDKs.
    120_000,
  );
});

/** The cells of the tables between `<!-- name:begin -->` and `<!-- name:end -->`, without their heads. */
function rowsOf(name: string): readonly (readonly string[])[] {
  const [, rest = ""] = page.split(`<!-- ${name}:begin -->`);
  const lines = (rest.split(`<!-- ${name}:end -->`)[0] ?? "").split("\n");
  return lines
    .filter((line, index) => line.startsWith("| `") && !lines[index + 1]?.startsWith("| -"))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

const codesIn = (cell: string): readonly string[] => cell.match(/(?<=`)[^`,]+(?=`)/g) ?? [];

function membersOf(file: string, name: string): readonly string[] {
  const text = readFileSync(join(root, file), "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  return source.statements
    .filter((each) => ts.isInterfaceDeclaration(each))
    .filter((each) => each.name.text === name)
    .flatMap(({ members }) => members.flatMap((member) => member.name?.getText(source) ?? []));
}
