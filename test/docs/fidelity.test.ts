import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fidelity, fidelityPage } from "../../scripts/fidelity.js";
import { numberedTests } from "../fidelity/numbered-tests.js";

describe("docs/fidelity.md", () => {
  const tests = numberedTests();
  const test = { title: "does so", file: "memory/broker/some.test.ts" };

  it("accounts for every statement as the tests do: run `npx tsx scripts/fidelity.ts`", async () => {
    expect(readFileSync(fidelityPage, "utf8")).toBe(await fidelity(tests));
  });

  it("is not made when a statement that must be reproduced has no test", async () => {
    const rest = new Map([...tests].filter(([id]) => id !== "SB-48" && id !== "EG-51"));
    await expect(fidelity(rest)).rejects.toThrow("SB-48 has no test\nEG-51 has no test");
  });

  it("is not made when a test names a statement that is none", async () => {
    await expect(fidelity(new Map([...tests, ["EH-44", [test]]]))).rejects.toThrow("EH-44");
  });

  it("shows the tests of a statement that may be left out", async () => {
    const page = await fidelity(new Map([...tests, ["SQ-1", [test]]]));
    expect(page).toContain("  - does so (`memory/broker/some.test.ts`)");
  });
});
