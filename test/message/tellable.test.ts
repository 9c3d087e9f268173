import { describe, expect, it } from "vitest";
import { WaybillError } from "../../src/errors.js";
import { tellable } from "../../src/message/tellable.js";

const secret = "SharedAccessKey=aVerySecretKey";

describe("an error that is told", () => {
  it("is the error itself when it spells no secret", () => {
    const error = Object.assign(new TypeError("no key", { cause: new Error("why") }), {
      code: 1,
      at: [{ x: "y" }],
    });
    expect(tellable(error)).toBe(error);
    expect(tellable("text")).toBe("text");
    expect(tellable(undefined)).toBe(undefined);
  });

  it.each([
    ["its message", new Error(secret)],
    ["its cause", new Error("no", { cause: new Error(secret) })],
    [
      "a property",
      Object.assign(new Error("no"), {
        request: { headers: new Map([["authorization", `Bearer ${secret}`]]) },
      }),
    ],
    ["what was thrown instead", { toString: (): string => secret, secret }],
  ])("is a copy without it when a secret is in %s", (_, error) => {
    const told = tellable(error);
    expect(told).not.toBe(error);
    expect(told).toBeInstanceOf(Error);
    const { message, stack, cause } = told as Error;
    expect([message, stack, String(cause), JSON.stringify(told)].join()).not.toContain("aVerySecretKey");
  });

  it("keeps its name, its codes and the words around the secret", () => {
    const error = Object.assign(new RangeError(`with ${secret}`), {
      code: "EOUT",
      statusCode: 403,
      body: secret,
    });
    const told = tellable(error);
    expect(told).toMatchObject({ name: "RangeError", code: "EOUT", statusCode: 403 });
    expect(told.message).toBe("with SharedAccessKey=[redacted]");
    expect("body" in told).toBe(false);
    const ours = new WaybillError("busy", secret, { retryAfterMs: 5, cause: error });
    expect(tellable(ours)).toMatchObject({ code: "busy", class: "throttled", retryAfterMs: 5 });
  });

  it("is a copy when it holds more than is looked at, or holds itself", () => {
    const large = Object.assign(new Error("no"), { many: Array.from({ length: 1_000 }, String) });
    expect(tellable(large)).not.toBe(large);
    const round = new Error("no");
    round.cause = round;
    expect(tellable(round)).toBe(round);
    round.message = secret;
    expect(tellable(round).message).toBe("SharedAccessKey=[redacted]");
  });
});
