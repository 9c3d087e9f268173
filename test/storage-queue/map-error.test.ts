import { inspect } from "node:util";
import { QueueServiceClient } from "@azure/storage-queue";
import { describe, expect, it } from "vitest";
import { clientOptions } from "../../adapters/storage-queue/index.js";
import {
  codes,
  mapError,
  mapSendError,
  mapSettleError,
  names,
  statuses,
} from "../../adapters/storage-queue/map-error.js";
import type { ErrorClass, ErrorCode } from "../../src/errors.js";

/** As the SDK throws it. */
const restError = (parts: { code?: string; name?: string; statusCode?: number; message?: string }): Error =>
  Object.assign(new Error(parts.message ?? "it was refused"), { name: "RestError" }, parts);

describe("the errors of storage queues", () => {
  const classes: Readonly<Partial<Record<ErrorCode, ErrorClass>>> = {
    alreadyExists: "config",
    busy: "throttled",
    cancelled: "cancelled",
    disabled: "config",
    invalidMessage: "permanent",
    lockLost: "lockLost",
    notFound: "config",
    timeout: "transient",
    tooLarge: "permanent",
    transportFailed: "transient",
    unauthorized: "auth",
  };

  it.each(Object.entries(codes))("mean $1 when the service says $0", (code, means) => {
    const mapped = mapError(restError({ code }), "cannot do it");
    expect([mapped.code, mapped.class]).toEqual([means, classes[means]]);
    expect(mapped.message).toBe("cannot do it: it was refused");
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
    { said: "a timeout", error: restError({ code: "OperationTimedOut" }), means: "ambiguousSend" },
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
    { said: "a full account", error: restError({ code: "ServerBusy" }), means: "busy" },
  ])("mean $means for a send that ended with $said", ({ error, means }) => {
    expect(mapSendError(error, "cannot send").code).toBe(means);
  });

  it("are ambiguous for a settlement without an answer, and what they are with one", () => {
    const settling = (error: Error) => mapSettleError(error, "cannot complete").class;
    expect(settling(restError({ code: "ECONNRESET" }))).toBe("ambiguous");
    expect(settling(restError({ code: "OperationTimedOut" }))).toBe("ambiguous");
    expect(settling(restError({ code: "PopReceiptMismatch" }))).toBe("lockLost");
  });

  it("keep how long the service asks to wait, and no nonsense", () => {
    const asking = (after: string) =>
      Object.assign(restError({ code: "ServerBusy" }), { response: { headers: { get: () => after } } });
    expect(mapError(asking("7"), "").retryAfterMs).toBe(7_000);
    for (const nonsense of ["-1", "tomorrow", "99999999999"])
      expect(mapError(asking(nonsense), "").retryAfterMs).toBeUndefined();
  });

  it("are cut where their text is endless", () => {
    expect(mapError(new Error("x".repeat(1_000_000)), "").message.length).toBeLessThan(1_100);
  });

  it("show neither the signature of a client nor the message, however they are printed", async () => {
    const secret = "c2VjcmV0LXNpZ25hdHVyZQ";
    const client = new QueueServiceClient(
      `http://127.0.0.1:1/account?sig=${secret}`,
      undefined,
      clientOptions,
    );
    const failed = await client
      .getQueueClient("orders")
      .sendMessage("the-message")
      .catch((error: unknown) => mapSendError(error, "cannot send"));
    const printed = inspect(failed, { depth: 20, showHidden: true });
    expect(printed).toContain("ECONNREFUSED");
    expect(printed).not.toContain(secret);
    expect(printed).not.toContain("the-message");
  });
});
