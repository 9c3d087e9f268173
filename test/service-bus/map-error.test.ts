import { ServiceBusError, type ServiceBusErrorCode } from "@azure/service-bus";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  mapError,
  mapSendError,
  mapSettleError,
  meanings,
  namedMeanings,
  statusMeanings,
  textMeanings,
} from "../../adapters/service-bus/map-error.js";
import { classOf } from "./class-of.js";
import { clientOf, startBus } from "./bus.js";

/** What the core is to make of each code: its class decides. */
const codes: Readonly<Record<ServiceBusErrorCode, string>> = {
  GeneralError: "transient",
  MessageLockLost: "lockLost",
  MessageNotFound: "permanent",
  MessageSizeExceeded: "permanent",
  MessagingEntityAlreadyExists: "config",
  MessagingEntityDisabled: "config",
  MessagingEntityNotFound: "config",
  QuotaExceeded: "throttled",
  ServiceBusy: "throttled",
  ServiceCommunicationProblem: "transient",
  ServiceTimeout: "transient",
  SessionCannotBeLocked: "throttled",
  SessionLockLost: "lockLost",
  UnauthorizedAccess: "auth",
};

/** And of the other codes. */
const others: Readonly<Record<string, string>> = {
  InvalidOperationError: "permanent",
  ArgumentError: "permanent",
  ArgumentOutOfRangeError: "permanent",
  NotImplementedError: "permanent",
  MessageEntityNotFoundError: "config",
  MessageEntityAlreadyExistsError: "config",
  "com.microsoft:message-lock-lost": "lockLost",
  "com.microsoft:session-lock-lost": "lockLost",
  "amqp:not-found": "lockLost",
  OperationTimeoutError: "transient",
  ECONNREFUSED: "transient",
  ENOTFOUND: "transient",
  CERT_HAS_EXPIRED: "config",
  CERT_NOT_YET_VALID: "config",
  CERT_REVOKED: "config",
  DEPTH_ZERO_SELF_SIGNED_CERT: "config",
  SELF_SIGNED_CERT_IN_CHAIN: "config",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "config",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "config",
  ERR_TLS_CERT_ALTNAME_INVALID: "config",
};

const names: Readonly<Record<string, string>> = {
  AbortError: "cancelled",
  OperationTimeoutError: "transient",
  SenderBusyError: "throttled",
  SenderNotReadyError: "transient",
  TypeError: "permanent",
  RangeError: "permanent",
  CredentialUnavailableError: "auth",
  AggregateAuthenticationError: "auth",
  AuthenticationError: "auth",
  AuthenticationRequiredError: "auth",
};

const statuses: Readonly<Record<string, string>> = {
  401: "auth",
  403: "config",
  404: "config",
  409: "config",
  429: "throttled",
  503: "throttled",
};

describe("an error of the SDK", () => {
  it.each(Object.entries(codes))("with code %s has class %s", (code, errorClass) => {
    const error = new ServiceBusError("what the service says", code as ServiceBusErrorCode);
    const mapped = mapError(error, "cannot do it");
    expect(mapped.class).toBe(errorClass);
    expect(mapped.message).toBe("cannot do it: what the service says");
    expect(mapped.cause).toBe(error);
  });

  it.each(Object.entries(others))(
    "with code %s, which is none of its own, has class %s",
    (code, errorClass) => {
      expect(mapError(Object.assign(new Error("text"), { code }), "it").class).toBe(errorClass);
    },
  );

  it.each(Object.entries(names))("named %s has class %s", (name, errorClass) => {
    expect(mapError(Object.assign(new Error("text"), { name }), "it").class).toBe(errorClass);
  });

  it.each(Object.entries(statuses))("with status %s has class %s", (statusCode, errorClass) => {
    const error = Object.assign(new Error("text"), { statusCode: Number(statusCode) });
    expect(mapError(error, "it").class).toBe(errorClass);
  });

  it.each(textMeanings)("that begins with %j is known by it", (begins, { code }) => {
    expect(mapError(new Error(`${begins} and more`), "it").code).toBe(code);
  });

  it("has a row here for every row of the tables", () => {
    expect(Object.keys({ ...codes, ...others }).sort()).toEqual(Object.keys(meanings).sort());
    expect(Object.keys(names).sort()).toEqual(Object.keys(namedMeanings).sort());
    expect(Object.keys(statuses).sort()).toEqual(Object.keys(statusMeanings).sort());
  });

  it.each([[undefined], ["text"], [new Error("unheard of")]])("that is %s is transient", (error) => {
    expect(mapError(error, "it").class).toBe("transient");
  });

  it("says no more than a thousand characters of what the service said", () => {
    expect(mapError(new Error("x".repeat(5_000)), "it").message).toHaveLength("it: ".length + 1_000);
  });

  it.each([
    ["QuotaExceeded", "throttled"],
    ["GeneralError", "ambiguous"],
    ["ServiceTimeout", "ambiguous"],
    ["ServiceCommunicationProblem", "ambiguous"],
    ["UnauthorizedAccess", "auth"],
  ] as const)("of a send with code %s has class %s", (code, errorClass) => {
    expect(mapSendError(new ServiceBusError("text", code), "it").class).toBe(errorClass);
  });

  it.each([
    ["GeneralError", "ambiguous"],
    ["ServiceTimeout", "ambiguous"],
    ["ServiceCommunicationProblem", "ambiguous"],
    ["MessageLockLost", "lockLost"],
    ["UnauthorizedAccess", "auth"],
  ] as const)("of a settlement with code %s has class %s", (code, errorClass) => {
    expect(mapSettleError(new ServiceBusError("text", code), "it").class).toBe(errorClass);
  });

  it("of a send that met a bad certificate never left", () => {
    const error = Object.assign(new Error("certificate has expired"), { code: "CERT_HAS_EXPIRED" });
    expect(mapSendError(error, "it")).toMatchObject({ code: "transportFailed", class: "config" });
  });

  it.each(["ECONNREFUSED", "ENOTFOUND"])("of a send that never left (%s) is not ambiguous", (code) => {
    expect(mapSendError(Object.assign(new Error("text"), { code }), "it").class).toBe("transient");
  });
});

describe("what the service answers", () => {
  it.each([
    ["com.microsoft:server-busy", "throttled"],
    ["com.microsoft:entity-disabled", "config"],
    ["com.microsoft:timeout", "transient"],
    ["com.microsoft:argument-error", "permanent"],
    ["amqp:not-found", "config"],
    ["amqp:unauthorized-access", "auth"],
    ["amqp:resource-limit-exceeded", "throttled"],
    ["amqp:not-allowed", "permanent"],
    ["amqp:internal-error", "transient"],
    ["amqp:link:detach-forced", "transient"],
  ])("when it refuses a link with %s comes through the SDK as class %s", async (condition, errorClass) => {
    const emulator = await startBus();
    emulator.namespace().createQueue("orders");
    // What it says of an entity that is not there: the SDK knows that by its text.
    const description = "The messaging entity 'orders' could not be found.";
    const refusal = condition === "amqp:not-found" ? { condition, description } : { condition };
    emulator.faults.refuse({ address: "orders", role: "sender" }, refusal);
    const client = clientOf(emulator);
    onTestFinished(() => client.close());
    expect(await classOf(client.createSender("orders").createMessageBatch())).toBe(errorClass);
  });
});
