import { describe, expect, it } from "vitest";
import { start } from "./program.js";

describe("the program", () => {
  it("ends by itself with 0, and one line of JSON", async () => {
    const { code, out } = await start(["--json"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^\{"orders":63,.*\}\n$/);
  });

  it("ends with 1 and one message, never a stack trace, without its file", async () => {
    const { code, out, err } = await start(["--file", "none.csv"]);
    expect(code).toBe(1);
    expect(out).toBe("");
    expect(err).toBe("✗ cannot read none.csv: there is no such file\n");
  });
});
