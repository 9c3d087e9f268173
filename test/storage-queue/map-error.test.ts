import { certificateCodes } from "../../src/transport/index.js";
import { inspect } from "node:util";
import { QueueServiceClient } from "@azure/storage-queue";
import { describe, expect, it } from "vitest";
import { clientOptions } from "../../adapters/storage-queue/index.js";
import {
  codes,
  mapError,
  mapFactoryError,
  mapSendError,
  mapSettleError,
  names,
  statuses,
} from "../../adapters/storage-queue/map-error.js";
import type { ErrorClass, ErrorCode } from "../../src/errors.js";

/** As the SDK throws it. */
const restError = (parts: { code?: string; name?: string; statusCode?: number; message?: string }): Error =>
  Object.assign(new Error(parts.message ?? "it was refused"), { name: "RestError" }, parts);

/** Written by hand, so that a changed row of the adapter fails. By the service's error code. */
const codeRows: readonly (readonly [code: string, means: ErrorCode, errorClass: ErrorClass])[] = [
  ["QueueNotFound", "notFound", "config"],
  ["ResourceNotFound", "notFound", "config"],
  ["QueueAlreadyExists", "alreadyExists", "config"],
  ["QueueBeingDeleted", "busy", "throttled"],
  ["QueueDisabled", "disabled", "config"],
  ["AccountIsDisabled", "disabled", "config"],
  ["MessageNotFound", "lockLost", "lockLost"],
  ["PopReceiptMismatch", "lockLost", "lockLost"],
  ["MessageTooLarge", "tooLarge", "permanent"],
  ["RequestBodyTooLarge", "tooLarge", "permanent"],
  ["AuthenticationFailed", "unauthorized", "auth"],
  ["AuthorizationFailure", "unauthorized", "auth"],
  ["AuthorizationPermissionMismatch", "unauthorized", "auth"],
  ["AuthorizationProtocolMismatch", "unauthorized", "auth"],
  ["AuthorizationResourceTypeMismatch", "unauthorized", "auth"],
  ["AuthorizationServiceMismatch", "unauthorized", "auth"],
  ["AuthorizationSourceIPMismatch", "unauthorized", "auth"],
  ["InsufficientAccountPermissions", "unauthorized", "auth"],
  ["InvalidAuthenticationInfo", "unauthorized", "auth"],
  ["NoAuthenticationInformation", "unauthorized", "auth"],
  ["ServerBusy", "busy", "throttled"],
  ["OperationTimedOut", "timeout", "transient"],
  ["InternalError", "transportFailed", "transient"],
  ["InvalidInput", "invalidMessage", "permanent"],
  ["InvalidMarker", "invalidMessage", "permanent"],
  ["InvalidQueryParameterValue", "invalidMessage", "permanent"],
  ["InvalidResourceName", "invalidMessage", "permanent"],
  ["InvalidXmlDocument", "invalidMessage", "permanent"],
  ["OutOfRangeInput", "invalidMessage", "permanent"],
  ["OutOfRangeQueryParameterValue", "invalidMessage", "permanent"],
  ["REQUEST_SEND_ERROR", "transportFailed", "transient"],
  ["CERT_HAS_EXPIRED", "transportFailed", "config"],
  ["CERT_NOT_YET_VALID", "transportFailed", "config"],
  ["CERT_REVOKED", "transportFailed", "config"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "transportFailed", "config"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "transportFailed", "config"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "transportFailed", "config"],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "transportFailed", "config"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "transportFailed", "config"],
];

/** By the name of an error of the client. */
const nameRows: readonly (readonly [name: string, means: ErrorCode, errorClass: ErrorClass])[] = [
  ["AbortError", "cancelled", "cancelled"],
  ["AuthenticationError", "unauthorized", "auth"],
  ["AuthenticationRequiredError", "unauthorized", "auth"],
  ["CredentialUnavailableError", "unauthorized", "auth"],
  ["AggregateAuthenticationError", "unauthorized", "auth"],
];

/** By status. */
const statusRows: readonly (readonly [status: number, means: ErrorCode, errorClass: ErrorClass])[] = [
  [400, "invalidMessage", "permanent"],
  [401, "unauthorized", "auth"],
  [403, "unauthorized", "auth"],
  [404, "notFound", "config"],
  [408, "timeout", "transient"],
  [413, "tooLarge", "permanent"],
  [429, "busy", "throttled"],
  [503, "busy", "throttled"],
  [504, "timeout", "transient"],
];

describe("the errors of storage queues", () => {
  it.each(codeRows)("mean $1 of class $2 when the service says $0", (code, means, errorClass) => {
    const mapped = mapError(restError({ code }), "cannot do it");
    expect([mapped.code, mapped.class]).toEqual([means, errorClass]);
    expect(mapped.message).toBe("cannot do it: it was refused");
  });

  it.each(nameRows)("mean $1 of class $2 when the client throws $0", (name, means, errorClass) => {
    expect(mapError(restError({ name }), "")).toMatchObject({ code: means, class: errorClass });
  });

  it.each(statusRows)(
    "mean $1 of class $2 when all that is known is status $0",
    (statusCode, means, errorClass) => {
      const mapped = mapError(restError({ code: "Strange", statusCode }), "");
      expect([mapped.code, mapped.class]).toEqual([means, errorClass]);
    },
  );

  it("have a row in these tables for each that is known", () => {
    expect(codeRows.map(([code]) => code).sort()).toEqual(
      [...Object.keys(codes), ...certificateCodes].sort(),
    );
    expect(nameRows.map(([name]) => name).sort()).toEqual(Object.keys(names).sort());
    expect(statusRows.map(([status]) => String(status)).sort()).toEqual(Object.keys(statuses).sort());
  });

  it("name a queue that is not there, and say what to change", () => {
    const mapped = mapError(restError({ code: "QueueNotFound" }), "cannot send", "orders");
    expect([mapped.code, mapped.class, mapped.message]).toEqual([
      "notFound",
      "config",
      'cannot send: there is no queue "orders": create it, or give storageQueue() the option topology: "ensure"',
    ]);
  });

  it("say in one line what the service says in several", () => {
    const said = restError({
      code: "ServerBusy",
      message: "It is busy.\nRequestId:1\r\nTime:2026-01-01\u001b[31m",
    });
    const mapped = mapError(said, "cannot send");
    expect(mapped.message).toBe("cannot send: It is busy. RequestId:1 Time:2026-01-01");
    expect(mapped.cause).toMatchObject({ message: "It is busy. RequestId:1 Time:2026-01-01" });
  });

  it.each([
    ["a sentence", new Error("Connection string is malformed"), "transportFailed", "config"],
    ["no credentials", restError({ name: "CredentialUnavailableError" }), "unauthorized", "auth"],
  ])("of a factory that makes no client with %s are for people to correct", (_, error, means, errorClass) => {
    const mapped = mapFactoryError(error);
    expect([mapped.code, mapped.class]).toEqual([means, errorClass]);
    expect(mapped.message).toBe(`the factory given to storageQueue() made no client: ${error.message}`);
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
    {
      said: "an expired certificate",
      error: restError({ code: "CERT_HAS_EXPIRED" }),
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
    expect(settling(restError({ code: "CERT_HAS_EXPIRED" }))).toBe("config");
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
