import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { eventGrid } from "../../adapters/event-grid/index.js";
import {
  codes,
  mapError,
  mapSendError,
  mapSettleError,
  names,
  statuses,
} from "../../adapters/event-grid/map-error.js";
import { memoryPark } from "../../adapters/memory/index.js";
import type { ErrorClass, ErrorCode } from "../../src/errors.js";
import { channel, connected, envelope, factories, options, source, startGrid } from "./grid.js";

/** As the SDK throws it. */
const restError = (parts: { code?: string; name?: string; statusCode?: number; message?: string }): Error =>
  Object.assign(new Error(parts.message ?? "it was refused"), { name: "RestError" }, parts);

describe("the errors of Event Grid", () => {
  const classes: Readonly<Partial<Record<ErrorCode, ErrorClass>>> = {
    busy: "throttled",
    cancelled: "cancelled",
    invalidMessage: "permanent",
    lockLost: "lockLost",
    notFound: "config",
    quotaExceeded: "throttled",
    timeout: "transient",
    tooLarge: "permanent",
    transportFailed: "transient",
    unauthorized: "auth",
  };

  it.each(Object.entries(codes))("mean $1 when the service says $0", (code, means) => {
    const mapped = mapError(restError({ code }), "cannot do it");
    expect([mapped.code, mapped.class]).toEqual([means, classes[means]]);
    expect(mapped.message).toMatch(/^cannot do it: (it was refused|the answer is no JSON)$/);
  });

  it.each(Object.entries(names))("mean $1 when the client throws $0", (name, means) => {
    expect(mapError(restError({ name }), "").code).toBe(means);
  });

  it.each(Object.entries(statuses))("mean $1 when all that is known is status $0", (status, means) => {
    expect(mapError(restError({ code: "Strange", statusCode: Number(status) }), "").code).toBe(means);
  });

  it("mean transportFailed when nothing is known", () => {
    expect(mapError("odd", "cannot do it")).toMatchObject({ code: "transportFailed", class: "transient" });
  });

  it.each([
    { said: "a timeout", error: restError({ statusCode: 504 }), means: "ambiguousSend" },
    { said: "a failure of the service", error: restError({ statusCode: 500 }), means: "ambiguousSend" },
    {
      said: "a broken connection",
      error: restError({ code: "REQUEST_SEND_ERROR", message: "socket hang up" }),
      means: "ambiguousSend",
    },
    {
      said: "a refused connection",
      error: restError({ code: "REQUEST_SEND_ERROR", message: "connect ECONNREFUSED 127.0.0.1:1" }),
      means: "transportFailed",
    },
    { said: "too many requests", error: restError({ statusCode: 429 }), means: "busy" },
  ])("mean $means for a send that ended with $said", ({ error, means }) => {
    expect(mapSendError(error, "cannot send").code).toBe(means);
  });

  it("are ambiguous for a settlement without an answer, and what they are with one", () => {
    const settling = (error: Error) => mapSettleError(error, "cannot acknowledge").class;
    expect(settling(restError({ code: "ECONNRESET" }))).toBe("ambiguous");
    expect(settling(restError({ statusCode: 504 }))).toBe("ambiguous");
    expect(settling(restError({ statusCode: 401 }))).toBe("auth");
  });

  it("keep how long the service asks to wait, and no nonsense", () => {
    const asking = (after: string) =>
      Object.assign(restError({ statusCode: 429 }), { response: { headers: { get: () => after } } });
    expect(mapError(asking("7"), "").retryAfterMs).toBe(7_000);
    for (const nonsense of ["-1", "tomorrow", "99999999999"])
      expect(mapError(asking(nonsense), "").retryAfterMs).toBeUndefined();
  });

  it("are cut where their text is endless, and quote no answer that could not be read", () => {
    expect(mapError(new Error("x".repeat(1_000_000)), "").message.length).toBeLessThan(1_100);
    const quoting = restError({ code: "PARSE_ERROR", message: "SyntaxError … the whole answer" });
    expect(mapError(quoting, "").message).not.toContain("whole");
  });

  it("show no key and no signature, neither in their text nor in their cause", async () => {
    const { stage } = await startGrid();
    const planted = Buffer.from("planted secret").toString("base64");
    const connection = await connected(
      eventGrid({ ...factories(stage, planted), deadLetters: memoryPark() }),
    );
    const [sent] = await connection.sender({ channel, address: "orders" }).send([{ envelope: envelope(1) }]);
    const receiver = connection.receiver(source(), options);
    const receiving = (async () => receiver.receive(1, new AbortController().signal))();
    const received: unknown = await receiving.catch((error: unknown) => error);
    for (const error of [sent?.ok === false ? sent.error : undefined, received]) {
      expect(error).toMatchObject({ code: "unauthorized", class: "auth" });
      const shown = inspect(error, { depth: 20, showHidden: true });
      expect(shown).not.toContain(planted);
      expect(shown).not.toContain("SharedAccessKey");
    }
  });
});
