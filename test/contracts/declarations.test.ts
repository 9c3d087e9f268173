import { describe, expect, it } from "vitest";
import { declarationsOf, diagnosticsOfFile } from "../types/diagnostics.js";

const path = "test/contracts/fixtures/contract-package.ts";

describe("the declarations of a contract package built with zod", { timeout: 60_000 }, () => {
  it("can be written: every type in them has a name that an importer can reach", () => {
    expect(diagnosticsOfFile(path)).toEqual([]);
  });

  it("name neither zod nor any", () => {
    const code = declarationsOf(path).replace(/\/\*\*.*?\*\//gs, "");
    expect(code).not.toMatch(/zod|\$brand|\bany\b/);
  });

  it("import from waybill/contracts alone", () => {
    const imported = [...declarationsOf(path).matchAll(/(?:from |import\()"([^"]+)"/g)].map(
      (match) => match[1],
    );
    expect([...new Set(imported)]).toEqual(["waybill/contracts"]);
  });

  it("spell out what a sender gives and what a handler gets", () => {
    const [placed] = /OrderPlaced: [^;]*;[^]*?\n}>;/.exec(declarationsOf(path)) ?? [];
    expect(placed).toMatchInlineSnapshot(`
      "OrderPlaced: Message<"tailwind.orders.order-placed", 2, {
          orderId: string;
          placedAt: string;
          lines: {
              sku: string;
              quantity: number;
          }[];
          address: {
              street: string;
          } | null;
          tags: {
              [x: string]: string;
          };
          position: readonly [number, number];
          channel?: "web" | "shop" | undefined;
          note?: string | undefined;
      }, {
          orderId: string;
          placedAt: Date;
          channel: "web" | "shop";
          lines: {
              sku: string;
              quantity: number;
          }[];
          address: {
              street: string;
          } | null;
          tags: {
              [x: string]: string;
          };
          position: readonly [number, number];
          note?: string | undefined;
      }>;"
    `);
  });

  it("keep the names that were given explicitly, to brands, any JSON and recursive types", () => {
    const declarations = declarationsOf(path);
    expect(declarations).toContain("readonly id: CustomerId;");
    expect(declarations).toContain("anything: JsonValue;");
    expect(declarations).toContain(
      'CategoryChanged: Message<"tailwind.catalog.category-changed", 1, Category, Category>',
    );
  });
});
