import { RuleTester } from "eslint";
import { join } from "node:path";
import tseslint from "typescript-eslint";
import { describe, expect, it } from "vitest";
import { refuseImport, refusePlace, type Import } from "../../lint/refuse-import.js";
import { entryFolders, roomOf, rooms } from "../../lint/rooms.js";
import { roomsRule } from "../../lint/rooms-rule.js";

const entries = ["waybill", "waybill/contracts", "waybill/memory", "waybill/testing"];
const judge = (from: string, specifier: string, kind: Import["kind"] = "value") =>
  refuseImport({ from, specifier, kind }, entries);

const allowed: readonly (readonly [string, string, Import["kind"]?])[] = [
  ["src/runtime/runtime.ts", "../errors.js"],
  ["src/message/envelope.ts", "../runtime/duration.js"],
  ["src/contracts/topic.ts", "../message/envelope.js"],
  ["src/store/outbox-store.ts", "../contracts/message.js"],
  ["src/transport/transport.ts", "../contracts/channel.js"],
  ["src/policy/decide.ts", "../transport/transport.js"],
  ["src/produce/producer.ts", "../policy/decide.js"],
  ["src/produce/prepare.ts", "../claim-check/claim-check.js"],
  ["src/claim-check/verified.ts", "../store/blob-store.js"],
  ["adapters/file-system/file-blobs.ts", "../../src/store/index.js"],
  ["src/consume/pump.ts", "../transport/transport.js"],
  ["src/supervise/shutdown.ts", "../consume/pump.js"],
  ["src/run.ts", "./service.js"],
  ["src/run.ts", "./produce/producer.js"],
  ["src/dead-letters.ts", "./run.js"],
  ["src/hosts/web.ts", "../run.js"],
  ["src/index.ts", "./hosts/web.js"],
  ["src/testing/test-bus.ts", "../../adapters/memory/index.js"],
  ["src/testing/test-bus.ts", "../../adapters/memory/broker/broker.js"],
  ["adapters/memory/index.ts", "./broker/broker.js"],
  ["adapters/memory/sender.ts", "../../src/transport/index.js"],
  ["adapters/redis/index.ts", "../../src/store/index.js"],
  ["adapters/memory/broker/queue.ts", "./lock.js"],
  ["adapters/memory/broker/stream/log.ts", "../message.js"],
  ["adapters/service-bus/sender.ts", "@azure/service-bus", "type"],
  ["adapters/event-grid/webhook.ts", "jose", "dynamic"],
  ["adapters/event-grid/webhook.ts", "jose", "type"],
  ["tools/emulator/server.ts", "../../adapters/memory/broker/broker.js"],
  ["tools/emulator/server.ts", "rhea"],
  ["tools/emulator/server.ts", "waybill/contracts"],
  ["examples/shop/main.ts", "./billing.js"],
  ["examples/shop/main.ts", "csv-parse"],
  ["examples/shop/main.ts", "waybill/memory"],
  ["examples/shop/test/billing.test.ts", "waybill/testing"],
  ["examples/shop/test/billing.test.ts", "../billing.js"],
  ["src/message/hash.ts", "node:crypto"],
  ["test/consume/pump.test.ts", "../../src/testing/test-bus.js"],
];

const refused: readonly (readonly [string, string, RegExp, Import["kind"]?])[] = [
  [
    "src/claim-check/claim-check.ts",
    "../consume/pump.js",
    /`claim-check` may not import `consume`: the claim check takes bytes to a store and back/,
  ],
  [
    "src/produce/producer.ts",
    "../consume/pump.js",
    /`produce` may not import `consume`: the two walks meet only in run/,
  ],
  [
    "src/consume/pump.ts",
    "../produce/producer.js",
    /`consume` may not import `produce`: the two walks meet only in run/,
  ],
  ["src/consume/pump.ts", "../produce/producer.js", /meet only in run/, "type"],
  ["src/errors.ts", "./runtime/runtime.js", /they import nothing/],
  ["src/runtime/runtime.ts", "../message/envelope.js", /`runtime` may not import `message`/],
  ["src/message/envelope.ts", "../contracts/channel.js", /`message` may not import `contracts`/],
  ["src/contracts/queue.ts", "../transport/transport.js", /must load without the core/],
  ["src/store/outbox-store.ts", "../transport/transport.js", /`store` may not import `transport`/],
  ["src/transport/transport.ts", "../store/outbox-store.js", /`transport` may not import `store`/],
  ["src/policy/decide.ts", "../consume/pump.js", /a policy is a pure decision/],
  ["src/consume/pump.ts", "../supervise/health.js", /`consume` may not import `supervise`/],
  ["src/supervise/health.ts", "../run.js", /started by run.ts/],
  ["src/run.ts", "./hosts/web.js", /`front` may not import `hosts`/],
  ["src/run.ts", "./index.js", /`front` may not import `index`/],
  ["src/run.ts", "./testing/index.js", /`front` may not import `testing`/],
  ["src/index.ts", "./testing/index.js", /tests import `waybill\/testing` themselves/],
  ["src/run.ts", "../adapters/memory/index.js", /`front` may not import `memory`/],
  ["src/testing/test-bus.ts", "../../adapters/redis/index.js", /`testing` may not import `redis`/],
  ["adapters/memory/sender.ts", "../../src/transport/transport.js", /alone, never on another adapter/],
  ["adapters/memory/sender.ts", "../../src/errors.js", /`memory` may not import `errors`/],
  ["adapters/redis/index.ts", "../memory/index.js", /never on another adapter/],
  ["adapters/service-bus/index.ts", "../memory/broker/broker.js", /`service-bus` may not import `broker`/],
  ["adapters/memory/broker/queue.ts", "../index.js", /self-contained engine/],
  ["adapters/memory/broker/queue.ts", "../../../src/errors.js", /self-contained engine/],
  ["adapters/memory/broker/queue.ts", "../../../test/tools.js", /`broker` may not import `test\/tools.ts`/],
  ["adapters/service-bus/sender.ts", "@azure/service-bus", /may only `import type`/],
  ["adapters/service-bus/sender.ts", "@azure/service-bus", /may only `import type`/, "dynamic"],
  ["adapters/event-grid/webhook.ts", "jose", /by `await import\(\)` on first use/],
  ["adapters/redis/index.ts", "lodash", /list it in lint\/rooms.js/],
  ["src/contracts/queue.ts", "zod", /has no dependency/],
  ["src/contracts/queue.ts", "@standard-schema/spec", /has no dependency/, "type"],
  ["src/run.ts", "waybill/contracts", /import by relative path/],
  ["tools/emulator/server.ts", "../../src/run.js", /`tools` may not import `front`/],
  ["tools/emulator/server.ts", "../../adapters/memory/index.js", /`tools` may not import `memory`/],
  ["tools/emulator/server.ts", "waybill/dist/index.js", /is not a public entry/],
  ["examples/shop/main.ts", "../../src/index.js", /may not import src\/index.ts by path/],
  ["examples/shop/main.ts", "./contracts/index.js", /another package by its name/],
  ["examples/shop/contracts/orders.ts", "../main.js", /another package by its name/],
  ["examples/shop/main.ts", "waybill/src/index.js", /is not a public entry/],
  ["examples/shop/main.ts", "waybill/testing", /nothing imports `waybill\/testing` but tests/],
  ["src/utils/strings.ts", "../errors.js", /is in no room/],
];

describe("the rooms table", () => {
  it.each(allowed.map(([from, specifier, kind]) => ({ from, specifier, kind })))(
    "lets $from import $specifier",
    ({ from, specifier, kind }) => {
      expect(judge(from, specifier, kind)).toBeUndefined();
    },
  );

  it.each(refused.map(([from, specifier, why, kind]) => ({ from, specifier, why, kind })))(
    "refuses $from to import $specifier and says $why",
    ({ from, specifier, why, kind }) => {
      expect(judge(from, specifier, kind)).toMatch(why);
    },
  );

  it("lists only rooms that exist, and lets no two of them import each other", () => {
    const entryRooms = ["transport-entry", "store-entry"];
    const together = [["example", "example-test"]];
    for (const [name, { may }] of Object.entries(rooms)) {
      expect(may.filter((other) => rooms[other] === undefined && !entryRooms.includes(other))).toEqual([]);
      const mutual = may.filter((other) => other !== name && rooms[other]?.may.includes(name));
      expect(
        mutual.filter((other) => !together.some((pair) => pair.includes(name) && pair.includes(other))),
      ).toEqual([]);
    }
  });

  it("knows the files that share src/ itself", () => {
    expect(["src/errors.ts", "src/index.ts", "src/app.ts"].map(roomOf)).toEqual(["errors", "index", "front"]);
  });

  it.each<readonly [string, RegExp]>([
    ["src/consume/index.ts", /inner barrel/],
    ["adapters/memory/broker/index.ts", /inner barrel/],
    ["src/consume/utils.ts", /one concept/],
    ["src/helpers/time.ts", /is in no room/],
  ])("has no place for %s", (path, why) => {
    expect(refusePlace(path, entryFolders)).toMatch(why);
  });

  it.each(["src/contracts/index.ts", "adapters/memory/index.ts", "src/consume/pump.ts", "test/helpers.ts"])(
    "has a place for %s",
    (path) => {
      expect(refusePlace(path, entryFolders)).toBeUndefined();
    },
  );
});

RuleTester.describe = describe;
RuleTester.it = it;

const root = join(import.meta.dirname, "../..");
const at = (path: string): string => join(root, path);

new RuleTester({ languageOptions: { parser: tseslint.parser } }).run(
  "rooms, in every spelling of an import",
  roomsRule,
  {
    valid: [
      { filename: at("src/run.ts"), code: 'import { a } from "./produce/producer.js";' },
      {
        filename: at("adapters/service-bus/sender.ts"),
        code: 'import type { A } from "@azure/service-bus";',
      },
      { filename: at("adapters/event-grid/webhook.ts"), code: 'export const load = () => import("jose");' },
      { filename: at("test/anything.ts"), code: 'import { a } from "../src/consume/pump.js";' },
    ],
    invalid: [
      'import { a } from "../consume/pump.js";',
      'import type { A } from "../consume/pump.js";',
      'import "../consume/pump.js";',
      'export { a } from "../consume/pump.js";',
      'export * from "../consume/pump.js";',
      'export const load = () => import("../consume/pump.js");',
      'export type A = import("../consume/pump.js").A;',
    ]
      .map((code) => ({ filename: at("src/produce/producer.ts"), code, errors: [{ messageId: "refused" }] }))
      .concat([
        {
          filename: at("adapters/service-bus/sender.ts"),
          code: 'import { type A } from "@azure/service-bus";',
          errors: [{ messageId: "refused" }],
        },
        { filename: at("src/consume/index.ts"), code: "export {};", errors: [{ messageId: "refused" }] },
      ]),
  },
);
