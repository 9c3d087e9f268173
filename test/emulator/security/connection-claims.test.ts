import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ConnectionClaims } from "../../../tools/emulator/security/connection-claims.js";

describe("the claims of a connection", () => {
  const expired = vi.fn();
  let claims: ConnectionClaims;

  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000 });
    expired.mockReset();
    claims = new ConnectionClaims(() => vi.getMockedSystemTime()?.getTime() ?? 0, expired);
  });

  afterEach(() => {
    claims.close();
    vi.useRealTimers();
  });

  it("are those of all tokens that cover a path", () => {
    claims.put({ path: "orders", rights: ["Send"], expiresMs: 5_000 });
    claims.put({ path: "orders/$management", rights: ["Listen"], expiresMs: 5_000 });
    expect(claims.rightsOn("Orders")).toEqual(["Send"]);
    expect(claims.rightsOn("orders/$management")).toEqual(["Send", "Listen"]);
    expect(claims.rightsOn("invoices")).toEqual([]);
  });

  it("end one by one, and are told when", () => {
    claims.put({ path: "a", rights: ["Send"], expiresMs: 5_000 });
    claims.put({ path: "b", rights: ["Send"], expiresMs: 9_000 });
    vi.advanceTimersByTime(3_999);
    expect(expired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(expired).toHaveBeenCalledTimes(1);
    expect([claims.rightsOn("a"), claims.rightsOn("b"), claims.any]).toEqual([[], ["Send"], true]);
    vi.advanceTimersByTime(4_000);
    expect(expired).toHaveBeenCalledTimes(2);
    expect(claims.any).toBe(false);
  });

  it("last longer by a later token for the same path", () => {
    claims.put({ path: "a", rights: ["Send"], expiresMs: 5_000 });
    claims.put({ path: "a", rights: ["Send"], expiresMs: 9_000 });
    vi.advanceTimersByTime(5_000);
    expect(expired).not.toHaveBeenCalled();
    expect(claims.rightsOn("a")).toEqual(["Send"]);
  });

  it("may never end", () => {
    claims.put({ path: "", rights: ["Manage"], expiresMs: Infinity });
    vi.advanceTimersByTime(365 * 24 * 3_600_000);
    expect(claims.rightsOn("anything")).toEqual(["Manage"]);
    expect(expired).not.toHaveBeenCalled();
  });

  it("are bounded in number", () => {
    for (let count = 0; count < 4_096; count += 1) {
      claims.put({ path: String(count), rights: ["Send"], expiresMs: 5_000 });
    }
    expect(() => {
      claims.put({ path: "one more", rights: ["Send"], expiresMs: 5_000 });
    }).toThrow("at most 4096");
    claims.put({ path: "7", rights: ["Send"], expiresMs: 6_000 });
  });
});
