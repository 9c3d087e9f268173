import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { withCapabilities } from "../../scripts/capabilities.js";
import { root } from "../../scripts/entries.js";

it("the capability table of the README is what the adapters say: run `npx tsx scripts/capabilities.ts`", async () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  expect(readme).toBe(await withCapabilities(readme));
});
