import { describe, expect, it } from "vitest";
import { copyId } from "../../src/message/copy-id.js";
import { envelope } from "./envelopes.js";

describe("the message id of a copy", () => {
  it("is the same when the same step is repeated", () => {
    expect(copyId(envelope(), "retry")).toBe(copyId(envelope({ history: { attempts: 3 } }), "retry"));
  });

  it("is another one for every copy in a row, purpose, addressee and source", () => {
    const first = copyId(envelope(), "retry");
    const ids = [
      envelope().id,
      first,
      copyId(envelope({ brokerId: first }), "retry"),
      copyId(envelope(), "redrive"),
      copyId(envelope(), "retry", "billing"),
      copyId(envelope(), "retry", "audit"),
      copyId(envelope({ source: "other" }), "retry"),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("fits every broker", () => {
    expect(copyId(envelope({ id: "x".repeat(500) }), "park")).toMatch(/^[\w-]{22}$/);
  });
});
