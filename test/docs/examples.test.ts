import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { extracted } from "./extracted.js";

// The tests of the pages register themselves here, as a reader's runner would run them.
describe.each([
  ["README.md", "order 536365: 13912 pence"],
  ["docs/getting-started.md", "charged 536365: 13912"],
])("%s", async (page, line) => {
  const folder = extracted(page);
  await import(join(folder, "service.test.ts"));

  it("has a program that charges the order and ends", async () => {
    const printed = vi.spyOn(console, "log").mockImplementation(() => undefined);
    await import(join(folder, "main.ts"));
    expect(printed.mock.calls).toContainEqual([line]);
    printed.mockRestore();
  });
});

describe("docs/testing.md", async () => {
  await import(join(extracted("docs/testing.md"), "page.ts"));
});

describe("docs/concepts.md and docs/contracts.md", () => {
  it.each(["docs/concepts.md", "docs/contracts.md"])(
    "%s declares only what can be declared",
    async (page) => {
      const exported = (await import(join(extracted(page), "page.ts"))) as object;
      expect(Object.keys(exported)).not.toEqual([]);
    },
  );
});
