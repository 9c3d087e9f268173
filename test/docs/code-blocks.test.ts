import { describe, expect, it } from "vitest";
import { codeBlocks } from "./code-blocks.js";

const page = (...lines: readonly string[]): string => lines.join("\n");

describe("the TypeScript of a page", () => {
  it("keeps each line where the page has it, and continues from block to block", () => {
    const text = page("# Title", "```ts", "const a = 1;", "```", "words", "```typescript", "a + 1;", "```");
    expect(codeBlocks(text)).toEqual([
      { name: "page.ts", text: page("", "", "const a = 1;", "", "", "", "a + 1;", "") },
    ]);
  });

  it("gives a block that names its file a module of its own", () => {
    const text = page(
      "```ts",
      "// contracts/orders.ts",
      "export const a = 1;",
      "```",
      "```ts",
      "// main.ts",
      "```",
    );
    expect(codeBlocks(text).map(({ name }) => name)).toEqual(["orders.ts", "main.ts"]);
  });

  it("lets a block stand alone, and reads code that the page hides", () => {
    const text = page("<!-- ts", "declare const b: string;", "-->", "```ts alone", "const c = 1;", "```");
    expect(codeBlocks(text).map(({ name }) => name)).toEqual(["page.ts", "line-4.ts"]);
  });

  it("leaves other languages out, and takes the list's indent off", () => {
    const text = page("```json", "{}", "```", "- item", "  ```ts", "  const d = 1;", "  ```");
    expect(codeBlocks(text)).toEqual([
      { name: "page.ts", text: page("", "", "", "", "", "const d = 1;", "") },
    ]);
  });

  it("refuses a block that is never closed", () => {
    expect(() => codeBlocks(page("words", "```ts", "const e = 1;"))).toThrow(
      "opened on line 2 is never closed",
    );
  });
});
