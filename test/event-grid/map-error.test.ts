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
import { certificateCodes } from "../../src/transport/index.js";
import type { ErrorClass, ErrorCode } from "../../src/errors.js";
import { channel, connected, envelope, factories, options, source, startGrid } from "./grid.js";

/** As the SDK throws it. */
const restError = (parts: { code?: string; name?: string; statusCode?: number; message?: string }): Error =>
  Object.assign(new Error(parts.message ?? "it was refused"), { name: "RestError" }, parts);

/** By the code of the service's answer. */
const saidByService: readonly (readonly [string, ErrorCode, ErrorClass])[] = [
  ["BadRequest", "invalidMessage", "permanent"],
  ["Unauthorized", "unauthorized", "auth"],
  ["Forbidden", "unauthorized", "auth"],
  ["NotFound", "notFound", "config"],
  ["Gone", "notFound", "config"],
  ["PayloadTooLarge", "tooLarge", "permanent"],
  ["RequestEntityTooLarge", "tooLarge", "permanent"],
  ["QuotaExceeded", "quotaExceeded", "throttled"],
  ["TooManyRequests", "busy", "throttled"],
  ["ServerBusy", "busy", "throttled"],
  ["ServiceUnavailable", "busy", "throttled"],
  ["RequestTimeout", "timeout", "transient"],
  ["GatewayTimeout", "timeout", "transient"],
  ["InternalError", "transportFailed", "transient"],
  ["InternalServerError", "transportFailed", "transient"],
  ["BadToken", "lockLost", "lockLost"],
  ["TokenLost", "lockLost", "lockLost"],
  ["REQUEST_SEND_ERROR", "transportFailed", "transient"],
  ["PARSE_ERROR", "transportFailed", "transient"],
];

/** By the name of an error. */
const thrownByClient: readonly (readonly [string, ErrorCode, ErrorClass])[] = [
  ["AbortError", "cancelled", "cancelled"],
  ["AuthenticationError", "unauthorized", "auth"],
  ["AuthenticationRequiredError", "unauthorized", "auth"],
  ["CredentialUnavailableError", "unauthorized", "auth"],
  ["AggregateAuthenticationError", "unauthorized", "auth"],
];

/** By the status of an answer. */
const answered: readonly (readonly [number, ErrorCode, ErrorClass])[] = [
  [400, "invalidMessage", "permanent"],
  [401, "unauthorized", "auth"],
  [403, "unauthorized", "auth"],
  [404, "notFound", "config"],
  [408, "timeout", "transient"],
  [410, "notFound", "config"],
  [413, "tooLarge", "permanent"],
  [429, "busy", "throttled"],
  [503, "busy", "throttled"],
  [504, "timeout", "transient"],
];

const certificateErrors = [
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_REVOKED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "ERR_TLS_CERT_ALTNAME_INVALID",
];

describe("the errors of Event Grid", () => {
  it.each(saidByService)("mean $1 of class $2 when the service says $0", (code, means, errorClass) => {
    const mapped = mapError(restError({ code }), "cannot do it");
    expect([mapped.code, mapped.class]).toEqual([means, errorClass]);
    expect(mapped.message).toMatch(/^cannot do it: (it was refused|the answer is no JSON)/);
  });

  it.each(thrownByClient)("mean $1 of class $2 when the client throws $0", (name, means, errorClass) => {
    expect(mapError(restError({ name }), "")).toMatchObject({ code: means, class: errorClass });
  });

  it.each(certificateErrors)(
    "mean that something is to be repaired when a certificate is refused with %s",
    (code) => {
      const error = restError({ code });
      for (const map of [mapError, mapSendError, mapSettleError])
        expect(map(error, "")).toMatchObject({ code: "transportFailed", class: "config" });
    },
  );

  it.each(answered)(
    "mean $1 of class $2 when all that is known is status $0",
    (status, means, errorClass) => {
      const mapped = mapError(restError({ code: "Strange", statusCode: status }), "");
      expect([mapped.code, mapped.class]).toEqual([means, errorClass]);
    },
  );

  it("have a row in these tables for each that is known", () => {
    const known = (rows: readonly (readonly [string | number, ...unknown[]])[]) =>
      rows.map(([each]) => String(each)).sort();
    expect(known(saidByService)).toEqual(Object.keys(codes).sort());
    expect(known(thrownByClient)).toEqual(Object.keys(names).sort());
    expect(known(answered)).toEqual(Object.keys(statuses).sort());
    expect([...certificateErrors].sort()).toEqual([...certificateCodes].sort());
  });

  it("say what to change when a topic or a subscription is not there", async () => {
    const { transport } = await startGrid();
    const connection = await connected(transport);
    const [sent] = await connection.sender({ channel, address: "nowhere" }).send([{ envelope: envelope(1) }]);
    expect(sent).toMatchObject({ ok: false, error: { code: "notFound", class: "config" } });
    expect(String(sent?.ok === false ? sent.error : "")).toMatch(
      /cannot send to "nowhere": .+: create what is named there/,
    );
    const receiver = connection.receiver(source("nowhere"), options);
    const receiving = (async () => receiver.receive(1, new AbortController().signal))();
    await expect(receiving).rejects.toThrow(
      /cannot receive from "nowhere\/audit": .+: create what is named there/,
    );
  });

  it("keep no line break, nor another control character, of what the service says", () => {
    const text = "no\r\n  such\u2028topic\u001b[31m\0!";
    expect(mapError(restError({ message: text }), "cannot do it").message).toBe(
      "cannot do it: no such topic !",
    );
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
