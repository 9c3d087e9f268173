import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from "jose";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  entraToken,
  eventGrid,
  eventGridHandler,
  sharedSecret,
  type EventGridHandlerOptions,
  type Refusal,
} from "../../adapters/event-grid/index.js";
import { memoryPark } from "../../adapters/memory/index.js";
import { realRuntime, type Receiver, type SettleAction } from "../../src/transport/index.js";
import { run, service } from "../../src/index.js";
import { connected, options, orders, source } from "./grid.js";

const url = "https://hook.example/events";
const open = { authenticate: "nobody else can" } as const;
const never = new AbortController().signal;

const post = (body: unknown, headers: Record<string, string> = {}, at = url): Request =>
  new Request(at, {
    method: "POST",
    headers: { "content-type": "application/cloudevents-batch+json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

/** So many events that are none. */
const listOf = (count: number): string => `[${"{},".repeat(count - 1)}{}]`;

const cloudEvent = (id: string, more: object = {}) => ({
  specversion: "1.0",
  id,
  source: "shop",
  type: "shop.order-placed",
  data: { n: 1 },
  ...more,
});

/** A handler, and the receiver that a service would read. */
async function listening(
  more: Partial<EventGridHandlerOptions> = {},
  deadLetters: "event-grid" | "park" = "park",
) {
  const refusals: Refusal[] = [];
  const hook = eventGridHandler({ ...open, onRefused: (refusal) => void refusals.push(refusal), ...more });
  const park = memoryPark();
  const transport = eventGrid({
    receiver: () => hook,
    deadLetters: deadLetters === "park" ? park : deadLetters,
  });
  const connection = await connected(transport);
  return { hook, refusals, park, connection, receiver: connection.receiver(source(), options) };
}

/** Settles the next deliveries so, one after the other. */
async function settling(receiver: Receiver, ...actions: readonly SettleAction[]) {
  const seen = [];
  for (const action of actions) {
    const [delivery] = await receiver.receive(1, never);
    if (delivery === undefined) throw new Error("nothing came");
    seen.push(delivery);
    expect(await receiver.settle([{ delivery, action }])).toEqual([undefined]);
  }
  return seen;
}

const nowSeconds = (): number => Math.floor(realRuntime().now() / 1_000);

const complete = { kind: "complete" } as const;
const release = { kind: "release", history: {} } as const;
const deadLetter = {
  kind: "deadLetter",
  record: {
    reason: "Permanent",
    description: "no",
    attempts: 1,
    deliveryCount: 1,
    consumer: "audit",
    from: "orders/audit",
    at: "2026-01-01T00:00:00.000Z",
  },
} as const;

describe("a webhook for Event Grid", () => {
  it("answers when every event of the request is settled", async () => {
    const { hook, receiver } = await listening();
    const answered = hook(post([cloudEvent("a"), cloudEvent("b")], { "aeg-delivery-count": "2" }));
    const [first, second] = await settling(receiver, complete, complete);
    expect((await answered).status).toBe(200);
    expect([first?.envelope.id, second?.envelope.id, first?.deliveryCount]).toEqual(["a", "b", 3]);
  });

  it("reads a single event, and one in the Event Grid schema", async () => {
    const { hook, receiver } = await listening();
    const single = hook(
      post(cloudEvent("a"), { "content-type": "application/cloudevents+json; charset=utf-8" }),
    );
    await settling(receiver, complete);
    expect((await single).status).toBe(200);
    const blob = {
      id: "b",
      topic: "/subscriptions/x",
      subject: "/blobServices/default",
      eventType: "Microsoft.Storage.BlobCreated",
      eventTime: "2026-01-01T00:00:00Z",
      dataVersion: "",
      metadataVersion: "1",
      data: { size: 1.0 },
    };
    const grid = hook(post([blob], { "content-type": "application/json", "aeg-event-type": "Notification" }));
    const [delivery] = await settling(receiver, complete);
    expect((await grid).status).toBe(200);
    expect(delivery?.envelope).toMatchObject({
      id: "b",
      source: "/subscriptions/x",
      type: "Microsoft.Storage.BlobCreated",
      key: "/blobServices/default",
      time: "2026-01-01T00:00:00Z",
      contentType: "application/json",
    });
  });

  it("asks for the events again when one was put back", async () => {
    const { hook, receiver } = await listening();
    const answered = hook(post([cloudEvent("a"), cloudEvent("b")]));
    await settling(receiver, complete, release);
    const { status, headers } = await answered;
    expect([status, headers.get("retry-after")]).toEqual([503, "30"]);
  });

  it("answers in time though a handler takes longer, and takes its late settlement for lost", async () => {
    const { hook, receiver } = await listening({ answerWithin: "300ms" });
    const answered = hook(post([cloudEvent("a")]));
    const [delivery] = await receiver.receive(1, never);
    if (delivery === undefined) throw new Error("nothing came");
    expect(await receiver.renew([delivery])).toEqual([delivery.lockedUntilMs]);
    expect((await answered).status).toBe(503);
    expect((await receiver.settle([{ delivery, action: complete }]))[0]).toMatchObject({ class: "lockLost" });
    const forgotten = hook(post([cloudEvent("b")]));
    expect((await forgotten).status).toBe(503);
    const stop = new AbortController();
    const nothing = receiver.receive(1, stop.signal);
    stop.abort();
    expect(await nothing).toEqual([]);
  });

  it("parks what is given up before it says that it has it, unless Event Grid is to", async () => {
    const { hook, receiver, connection } = await listening();
    const answered = hook(post([cloudEvent("a")]));
    await settling(receiver, deadLetter);
    expect((await answered).status).toBe(200);
    const [letter] = await connection.deadLetters(source()).peek(10);
    expect([letter?.envelope.id, letter?.record.reason]).toEqual(["a", "Permanent"]);
    const other = await listening({}, "event-grid");
    const refused = other.hook(post([cloudEvent("a")]));
    await settling(other.receiver, deadLetter);
    expect((await refused).status).toBe(400);
    // A batch has one answer.
    const batch = other.hook(post([cloudEvent("b"), cloudEvent("c")]));
    await settling(other.receiver, complete, deadLetter);
    expect((await batch).status).toBe(400);
  });

  it("tells a handler by its signal that the answer is given, and hands it the event again", async () => {
    const hook = eventGridHandler({ ...open, answerWithin: "300ms" });
    const reasons: unknown[] = [];
    const again = new Promise<void>((resolve) => {
      const audit = service("audit").listen(orders, {
        placed: async (_msg, { signal }) => {
          if (reasons.length > 0) {
            resolve();
            return;
          }
          await new Promise((end) => {
            signal.addEventListener("abort", end);
          });
          reasons.push(signal.reason);
        },
      });
      const starting = run(audit, {
        transport: eventGrid({ receiver: () => hook, deadLetters: memoryPark() }),
      });
      onTestFinished(async () => {
        await (await starting).stop();
      });
    });
    const placed = cloudEvent("a", { wbversion: 1 });
    await expect.poll(async () => (await hook(post([placed]))).status).toBe(503);
    await expect.poll(() => reasons).toMatchObject([{ class: "lockLost" }]);
    expect((await hook(post([placed]))).status).toBe(200);
    await again;
  });

  it("makes a defect of an event that is none", async () => {
    const { hook, receiver } = await listening();
    const answered = hook(post('[1, null, {"id":"x"}]'));
    const came = await settling(receiver, deadLetter, deadLetter, deadLetter);
    expect(came.map(({ envelope: { id }, defect }) => [id, defect?.code])).toEqual([
      ["unknown", "undecodable"],
      ["unknown", "undecodable"],
      ["x", "undecodable"],
    ]);
    expect((await answered).status).toBe(200);
  });

  it("asks to come later while no service listens, and when it has enough to do", async () => {
    const hook = eventGridHandler({ ...open, maxUnsettled: 1 });
    expect((await hook(post([cloudEvent("a")]))).status).toBe(503);
    const connection = await connected(eventGrid({ receiver: () => hook, deadLetters: memoryPark() }));
    const receiver = connection.receiver(source(), options);
    const first = hook(post([cloudEvent("a")]));
    const { status, headers } = await hook(post([cloudEvent("b")]));
    expect([status, headers.get("retry-after")]).toEqual([429, "30"]);
    await receiver.close();
    expect((await first).status).toBe(503);
    expect((await hook(post([cloudEvent("a")]))).status).toBe(503);
  });

  it("asks for a request to come later that has more events than there is room for, unless nothing else is at work", async () => {
    const { hook, receiver, refusals } = await listening({ maxUnsettled: 3 });
    const [a, b, c, d] = ["a", "b", "c", "d"].map((id) => cloudEvent(id));
    const first = hook(post([a, b]));
    expect((await hook(post([c, d]))).status).toBe(429);
    const fits = hook(post([c]));
    await settling(receiver, complete, complete, complete);
    expect([(await first).status, (await fits).status]).toEqual([200, 200]);
    // Larger than all the room there is: refused, it would come again and again until Event Grid gives it up.
    const large = hook(post([a, b, c, d]));
    expect((await hook(post([a]))).status).toBe(429);
    await settling(receiver, complete, complete, complete, complete);
    expect((await large).status).toBe(200);
    expect(refusals.map(({ status }) => status)).toEqual([429, 429]);
  });

  it("handles as many events as Event Grid sends at once", async () => {
    const { hook, receiver } = await listening();
    const answered = hook(post(listOf(5_000)));
    let came = 0;
    while (came < 5_000) {
      const deliveries = await receiver.receive(1_000, never);
      came += deliveries.length;
      await receiver.settle(deliveries.map((delivery) => ({ delivery, action: complete })));
    }
    expect((await answered).status).toBe(200);
  });

  it("makes a defect of an event that is deeper than a message may be, and hands over those beside it", async () => {
    const { hook, receiver } = await listening();
    const deep = cloudEvent("deep", { data: JSON.parse(`${"[".repeat(70)}${"]".repeat(70)}`) as unknown });
    // Brackets in a text are none.
    const shallow = cloudEvent("shallow", { data: '"['.repeat(2_000) });
    const answered = hook(post([deep, shallow]));
    const came = await settling(receiver, deadLetter, complete);
    expect(came.map(({ envelope: { id }, defect }) => [id, defect?.code])).toEqual([
      ["deep", "undecodable"],
      ["shallow", undefined],
    ]);
    expect((await answered).status).toBe(200);
  });

  it("is read by one listener alone", async () => {
    const { hook } = await listening();
    const connection = await connected(eventGrid({ receiver: () => hook, deadLetters: memoryPark() }));
    expect(() => connection.receiver(source(), options)).toThrow(/one eventGridHandler\(\) for each/);
  });

  it("refuses an answer that would come too late", () => {
    expect(() => eventGridHandler({ ...open, answerWithin: "30s" })).toThrow(/answerWithin/);
  });

  it.each([
    { what: "another method", request: new Request(url), status: 405 },
    { what: "another content type", request: post("a", { "content-type": "text/plain" }), status: 415 },
    { what: "what is no JSON", request: post("[{"), status: 400 },
    { what: "what is no event", request: post("1"), status: 400 },
    {
      what: "what is no text",
      request: new Request(post("x"), { body: Buffer.from([255]), method: "POST" }),
      status: 400,
    },
    { what: "brackets that nobody closes", request: post("[".repeat(400_000)), status: 400 },
    {
      what: "a list nested too deep to be read",
      request: post(`${"[".repeat(400_000)}${"]".repeat(400_000)}`),
      status: 400,
    },
    {
      what: "an event nested too deep to be read",
      request: post(`[{"id":"a","data":${'{"a":'.repeat(1_000)}1${"}".repeat(1_000)}}]`),
      status: 400,
    },
    { what: "more events than Event Grid sends at once", request: post(listOf(5_001)), status: 413 },
    { what: "as many events as fit into the body", request: post(listOf(600_000)), status: 413 },
    { what: "too much", request: post(`["${"x".repeat(3_000_000)}"]`), status: 413 },
  ])("answers $status to $what", async ({ request, status }) => {
    const { hook, refusals } = await listening();
    expect((await hook(request)).status).toBe(status);
    expect(refusals).toMatchObject([{ status }]);
  });

  it("reads no more than the bound of a body that does not say its length", async () => {
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        pulled += 1;
        controller.enqueue(Buffer.alloc(100_000, "x"));
      },
    });
    const { hook } = await listening();
    const request = new Request(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
      duplex: "half",
    });
    expect((await hook(request)).status).toBe(413);
    expect(pulled).toBeLessThan(30);
  });
});

describe("the consent of a webhook", () => {
  const validation = [
    {
      id: "v",
      topic: "/subscriptions/x",
      subject: "",
      eventType: "Microsoft.EventGrid.SubscriptionValidationEvent",
      eventTime: "2026-01-01T00:00:00Z",
      data: { validationCode: "512d38b6", validationUrl: "http://127.0.0.1:1/never" },
      dataVersion: "2",
    },
  ];
  const asValidation = { "content-type": "application/json", "aeg-event-type": "SubscriptionValidation" };

  it("echoes the code of a validation event, and opens nothing", async () => {
    const { hook } = await listening();
    const answer = await hook(post(validation, asValidation));
    expect([answer.status, await answer.json()]).toEqual([200, { validationResponse: "512d38b6" }]);
  });

  it("names the origin that asks for CloudEvents to be let in, if it may", async () => {
    const { hook } = await listening({ origins: ["eventgrid.azure.net"] });
    const asking = (origin: string) =>
      hook(new Request(url, { method: "OPTIONS", headers: { "WebHook-Request-Origin": origin } }));
    const allowed = await asking("eventgrid.azure.net");
    expect([allowed.status, allowed.headers.get("webhook-allowed-origin")]).toEqual([
      200,
      "eventgrid.azure.net",
    ]);
    expect((await asking("evil.example")).status).toBe(403);
    expect((await hook(new Request(url, { method: "OPTIONS" }))).status).toBe(403);
  });

  it("is given to nobody who is not known", async () => {
    const { hook } = await listening({ authenticate: sharedSecret(() => ["a secret of the hook"]) });
    expect((await hook(post(validation, asValidation))).status).toBe(401);
    const asking = new Request(url, {
      method: "OPTIONS",
      headers: { "WebHook-Request-Origin": "eventgrid.azure.net" },
    });
    expect((await hook(asking)).status).toBe(401);
  });

  it("reads nothing of what somebody sends who is not known", async () => {
    let pulled = 0;
    const pull = (): void => void (pulled += 1);
    const body = new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 });
    const { hook } = await listening({ authenticate: sharedSecret(() => ["a secret of the hook"]) });
    const headers = { "content-type": "application/json" };
    expect((await hook(new Request(url, { method: "POST", headers, body, duplex: "half" }))).status).toBe(
      401,
    );
    expect(pulled).toBe(0);
  });

  it("says nothing to handlers of what Event Grid says of itself", async () => {
    const { hook } = await listening();
    const deleted = post([cloudEvent("d")], { "aeg-event-type": "SubscriptionDeletion" });
    expect((await hook(deleted)).status).toBe(200);
  });
});

describe("a shared secret", () => {
  it("is known by its header or parameter, the new one and the old one", async () => {
    const secrets = ["the new secret, long", "the old secret, long"];
    const check = sharedSecret(() => secrets, { header: "x-hook-secret" });
    const shown = (secret: string) => check(post("[]", { "x-hook-secret": secret }));
    expect([
      await shown(secrets[0] ?? ""),
      await shown(secrets[1] ?? ""),
      await shown("the new secret"),
    ]).toEqual([true, true, false]);
    expect(await check(post("[]", {}, `${url}?code=${encodeURIComponent(secrets[0] ?? "")}`))).toBe(false);
    const byParameter = sharedSecret(() => secrets);
    expect(await byParameter(post("[]", {}, `${url}?code=${encodeURIComponent(secrets[0] ?? "")}`))).toBe(
      true,
    );
    secrets.length = 0;
    expect(await shown("the new secret, long")).toBe(false);
  });

  it("is none if it is empty or short", async () => {
    const check = sharedSecret(() => ["", "short"]);
    for (const shown of ["", "short"])
      expect(await check(post("[]", {}, `${url}?code=${shown}`))).toBe(false);
  });
});

describe("a token of Microsoft Entra", () => {
  const tenant = "11111111-2222-3333-4444-555555555555";
  const audience = "api://hook";
  const eventGridId = "4962773b-9cdb-44cf-a8bf-237846a00ab7";
  const issuer = `https://sts.windows.net/${tenant}/`;

  async function signer() {
    const { publicKey, privateKey } = await generateKeyPair("RS256");
    const jwk = { ...(await exportJWK(publicKey)), kid: "k", alg: "RS256", use: "sig" };
    let asked = 0;
    const server = createServer((_incoming, outgoing) => {
      asked += 1;
      outgoing.setHeader("content-type", "application/json");
      outgoing.end(JSON.stringify({ keys: [jwk] }));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const keys = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`);
    const token = (claims: Record<string, unknown> = {}, expires: string | number = "1h") =>
      new SignJWT({ appid: eventGridId, ...claims })
        .setProtectedHeader({ alg: "RS256", kid: "k" })
        .setIssuer(typeof claims["iss"] === "string" ? claims["iss"] : issuer)
        .setAudience(typeof claims["aud"] === "string" ? claims["aud"] : audience)
        .setIssuedAt()
        .setExpirationTime(expires)
        .sign(privateKey);
    const iat = nowSeconds();
    const claimed = { appid: eventGridId, iss: issuer, aud: audience, iat, exp: iat + 3_600 };
    return { keys, token, claimed, privateKey, publicKey, asked: () => asked };
  }

  const signed = (
    claims: Record<string, unknown>,
    key: Awaited<ReturnType<typeof generateKeyPair>>["privateKey"] | Uint8Array,
    alg = "RS256",
  ) => new SignJWT(claims).setProtectedHeader({ alg, kid: "k" }).sign(key);

  const bearer = (token: string) => post("[]", { authorization: `Bearer ${token}` });

  it("is good for its audience and issuer, in its time, from Event Grid", async () => {
    const { keys, token, asked } = await signer();
    const check = entraToken({ tenant, audience, keys });
    expect(await check(bearer(await token()))).toBe(true);
    const v2 = {
      iss: `https://login.microsoftonline.com/${tenant}/v2.0`,
      appid: undefined,
      azp: eventGridId,
    };
    expect(await check(bearer(await token(v2)))).toBe(true);
    expect(await check(post("[]"))).toBe(false);
    expect(asked()).toBe(1);
  });

  it.each([
    ["is for another audience", { aud: "api://other" }],
    ["is for no audience", { aud: undefined }],
    ["is of another issuer", { iss: "https://sts.windows.net/other/" }],
    ["is of an issuer that begins alike", { iss: `${issuer}x` }],
    ["is of no issuer", { iss: undefined }],
    ["has expired", { exp: nowSeconds() - 3_600 }],
    ["never expires", { exp: undefined }],
    ["expires by a text", { exp: "tomorrow" }],
    ["is not good yet", { nbf: nowSeconds() + 3_600 }],
    ["is somebody else's", { appid: "somebody else" }],
    ["says two applications, of which one may call", { azp: "somebody else" }],
    ["is nobody's", { appid: undefined }],
  ])("is no good if it %s", async (_what, claims) => {
    const { keys, claimed, privateKey } = await signer();
    const check = entraToken({ tenant, audience, keys });
    expect(await check(bearer(await signed(claimed, privateKey)))).toBe(true);
    expect(await check(bearer(await signed({ ...claimed, ...claims }, privateKey)))).toBe(false);
  });

  it("is no good if it is not signed by the tenant's key, whatever it says of how it is", async () => {
    const { keys, claimed, publicKey, token } = await signer();
    const check = entraToken({ tenant, audience, keys });
    const shared = new TextEncoder().encode(await exportSPKI(publicKey));
    const other = await generateKeyPair("RS256");
    const elliptic = await generateKeyPair("ES256");
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const [head, , signature] = (await token()).split(".");
    const bad = {
      unsigned: `${part({ alg: "none", kid: "k" })}.${part(claimed)}.`,
      "unsigned, with a signature": `${part({ alg: "None", kid: "k" })}.${part(claimed)}.${signature ?? ""}`,
      "signed with the public key as a secret": await signed(claimed, shared, "HS256"),
      "signed with a key of its own": await signed(claimed, other.privateKey),
      "signed in another way": await signed(claimed, elliptic.privateKey, "ES256"),
      "changed after it was signed": `${head ?? ""}.${part({ ...claimed, more: 1 })}.${signature ?? ""}`,
      "cut short": (await token()).slice(0, -1),
      "no token": "no.token.atall",
    };
    for (const [what, shown] of Object.entries(bad))
      expect([what, await check(bearer(shown))]).toEqual([what, false]);
  });

  it("needs a package, and says which when it is not installed", async () => {
    vi.doMock("jose", () => {
      throw new Error("Cannot find package 'jose'");
    });
    onTestFinished(() => {
      vi.doUnmock("jose");
    });
    const { hook, refusals } = await listening({ authenticate: entraToken({ tenant, audience }) });
    expect((await hook(bearer("a.b.c"))).status).toBe(503);
    expect(refusals[0]?.error).toMatchObject({ code: "missingDependency" });
    expect(String(refusals[0]?.error)).toContain("npm install jose");
  });

  it("cannot be checked without the tenant's keys, which is no refusal that would lose events", async () => {
    const { token } = await signer();
    const authenticate = entraToken({ tenant, audience, keys: new URL("http://127.0.0.1:1/keys") });
    const { hook, refusals } = await listening({ authenticate });
    const shown = await token();
    expect((await hook(bearer(shown))).status).toBe(503);
    expect(refusals[0]?.error).toBeInstanceOf(Error);
    expect(String(refusals[0]?.error)).not.toContain(shown);
  });
});
