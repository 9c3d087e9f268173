import { describe, expect, it } from "vitest";
import { mapError, mapSendError, meanings } from "../../adapters/event-hubs/map-error.js";
import { WaybillError, type ErrorClass, type ErrorCode } from "../../src/errors.js";

/** An error as the SDK makes it of an AMQP condition: its `code` is a name. */
const messaging = (code: string | undefined, text = "why"): Error =>
  Object.assign(new Error(text), { name: "MessagingError", ...(code === undefined ? {} : { code }) });

/** By the code of the SDK's error: what it means, and its class. */
const rows: readonly (readonly [string, ErrorCode, ErrorClass])[] = [
  ["MessagingEntityNotFoundError", "notFound", "config"],
  ["ResourceDeletedError", "notFound", "config"],
  ["MessagingEntityDisabledError", "disabled", "config"],
  ["UnauthorizedError", "unauthorized", "auth"],
  ["PublisherRevokedError", "unauthorized", "auth"],
  ["CredentialUnavailableError", "unauthorized", "auth"],
  ["AggregateAuthenticationError", "unauthorized", "auth"],
  ["AuthenticationError", "unauthorized", "auth"],
  ["AuthenticationRequiredError", "unauthorized", "auth"],
  ["ReceiverDisconnectedError", "lockLost", "lockLost"],
  ["PartitionNotOwnedError", "lockLost", "lockLost"],
  ["MessageTooLargeError", "tooLarge", "permanent"],
  ["ServerBusyError", "busy", "throttled"],
  ["SenderBusyError", "busy", "throttled"],
  ["InsufficientCreditError", "busy", "throttled"],
  ["QuotaExceededError", "quotaExceeded", "throttled"],
  ["ArgumentError", "invalidMessage", "permanent"],
  ["ArgumentOutOfRangeError", "invalidMessage", "permanent"],
  ["InvalidOperationError", "invalidMessage", "permanent"],
  ["NotImplementedError", "invalidMessage", "permanent"],
  ["TypeError", "invalidMessage", "permanent"],
  ["ServiceUnavailableError", "timeout", "transient"],
  ["OperationTimeoutError", "timeout", "transient"],
  ["AbortError", "cancelled", "cancelled"],
  ["ServiceCommunicationError", "transportFailed", "transient"],
  ["SenderNotReadyError", "transportFailed", "transient"],
  ["ConnectionForcedError", "transportFailed", "transient"],
  ["DetachForcedError", "transportFailed", "transient"],
  ["InternalServerError", "transportFailed", "transient"],
  ["OperationCancelledError", "transportFailed", "transient"],
  ["FramingError", "transportFailed", "transient"],
  ["DecodeError", "transportFailed", "transient"],
  ["CERT_HAS_EXPIRED", "transportFailed", "config"],
  ["CERT_NOT_YET_VALID", "transportFailed", "config"],
  ["CERT_REVOKED", "transportFailed", "config"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "transportFailed", "config"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "transportFailed", "config"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "transportFailed", "config"],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "transportFailed", "config"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "transportFailed", "config"],
];

describe("an error of the SDK", () => {
  it.each(rows)("%s means %s of class %s", (code, meaning, errorClass) => {
    const cause = messaging(code);
    const mapped = mapError(cause, 'cannot read "sales"');
    expect([mapped.code, mapped.class, mapped.message]).toEqual([
      meaning,
      errorClass,
      'cannot read "sales": why',
    ]);
    expect(mapped.cause).toBe(cause);
  });

  it("has a row in this table for each that is known", () => {
    expect(rows.map(([code]) => code).sort()).toEqual(Object.keys(meanings).sort());
  });

  it.each([
    ["has no code", messaging(undefined)],
    ["has one that nobody knows", messaging("SomethingNewError")],
    ["is of the system", messaging("ECONNRESET", "read ECONNRESET")],
    ["is named like a property of every object", messaging("constructor")],
    ["is no error", "why"],
  ])("that %s means that the transport failed", (_, error) => {
    expect(mapError(error, "cannot read")).toMatchObject({ code: "transportFailed", class: "transient" });
  });

  it("is known by its name when it has no code, and by its first attempt when there were several", () => {
    expect(mapError(new TypeError("why"), "cannot send").code).toBe("invalidMessage");
    const several = new AggregateError([messaging("UnauthorizedError"), messaging(undefined)], "all failed");
    expect(mapError(several, "cannot send").code).toBe("unauthorized");
  });

  it("asks to wait when the service is busy", () => {
    expect(mapError(messaging("ServerBusyError"), "cannot send").retryAfterMs).toBe(4_000);
  });

  it("of ours stays as it is, and a long text is cut", () => {
    const ours = new WaybillError("tooLarge", "ours");
    expect(mapError(ours, "cannot send")).toBe(ours);
    expect(mapError(messaging(undefined, "x".repeat(5_000)), "cannot send").message.length).toBeLessThan(
      1_050,
    );
  });
});

describe("an error of a send", () => {
  it.each([
    ["no answer in time", messaging("OperationTimeoutError"), "ambiguousSend"],
    ["a connection that broke", messaging("ConnectionForcedError"), "ambiguousSend"],
    ["a connection that was reset", messaging("ECONNRESET", "read ECONNRESET"), "ambiguousSend"],
    ["a link that was detached", messaging("DetachForcedError"), "ambiguousSend"],
    [
      "an address that refuses",
      messaging("ECONNREFUSED", "connect ECONNREFUSED 127.0.0.1"),
      "transportFailed",
    ],
    ["a name that is unknown", messaging("ENOTFOUND", "getaddrinfo ENOTFOUND"), "transportFailed"],
    ["a link without credit", messaging("SenderBusyError"), "busy"],
    ["a link that is not open", messaging("SenderNotReadyError"), "transportFailed"],
    ["a refusal", messaging("MessageTooLargeError"), "tooLarge"],
  ])("leaves open whether it was stored only where it must: %s", (_, error, code) => {
    expect(mapSendError(error, "cannot send").code).toBe(code);
  });
});
