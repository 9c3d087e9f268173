import { once } from "node:events";
import type { Connection } from "rhea";
import { afterEach, describe, expect, it } from "vitest";
import { rootRule } from "../../../tools/emulator/security/access-rule.js";
import { AuthError } from "../../../tools/emulator/security/auth-error.js";
import type { AuthSettings } from "../../../tools/emulator/security/auth-settings.js";
import { connectRhea, event, openReceiver, openSender } from "../engine/rhea-client.js";
import { HubClient } from "../event-hubs/hub-client.js";
import { startFixture, type Fixture, type FixtureOptions } from "../fixture.js";
import { askAt, putToken } from "./ask.js";
import { sasToken } from "./sas-token.js";

const root = { ...rootRule, key: "the root key" };
const listener = { name: "listener", key: "the listener's key", rights: ["Listen"] } as const;
const sender = { name: "sender", key: "the sender's key", rights: ["Send"] } as const;
const auth: AuthSettings = { rules: [root, listener, sender] };

let fixture: Fixture;
const opened: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
  await fixture.close();
  expect(fixture.faults).toEqual([]);
});

async function start(options: FixtureOptions): Promise<void> {
  fixture = await startFixture(options);
  fixture.namespace.createHub("sales", { partitions: 1 });
}

function clientOf(rule: { readonly name: string; readonly key: string }): HubClient {
  const client = new HubClient(
    { ...fixture, connectionString: () => fixture.connectionString(rule) },
    "sales",
  );
  opened.push(client);
  return client;
}

async function connect(options = {}): Promise<Connection> {
  const connection = await connectRhea(fixture.port, options);
  opened.push(connection);
  return connection;
}

describe("without authentication", () => {
  it("any key does, and any token", async () => {
    await start({});
    await clientOf({ name: "whoever", key: "whatever" })
      .producer()
      .sendBatch([{ body: 1 }]);
    const { ask } = await askAt(await connect(), "$cbs");
    for (const type of ["jwt", "servicebus.windows.net:sastoken", "unheard-of"]) {
      const answer = await ask("put-token", putToken("sb://ns/sales", "junk", type));
      expect(answer.application_properties).toMatchObject({ statusCode: 202 });
    }
  });

  it("a token for something that is not there is still answered by 404", async () => {
    await start({});
    const { ask } = await askAt(await connect(), "$cbs");
    const answer = await ask("put-token", putToken("sb://ns.example/nowhere", "junk"));
    expect(answer.application_properties).toMatchObject({
      statusCode: 404,
      errorCondition: "amqp:not-found",
      statusDescription:
        "The messaging entity 'sb://ns.example/nowhere' could not be found. To know more visit https://aka.ms/sbResourceMgrExceptions.",
    });
    const whole = await ask("put-token", putToken("sb://ns.example/", "junk"));
    expect(whole.application_properties).toMatchObject({ statusCode: 202 });
  });

  it("no token is needed", async () => {
    await start({});
    const link = await openSender(await connect(), "sales");
    link.send({ body: 1 });
    await event(link, "accepted");
  });
});

describe("with authentication, a client of @azure/event-hubs", () => {
  it("works with the right key", async () => {
    await start({ auth });
    const sales = clientOf(root);
    await sales.producer().sendBatch([{ body: "a" }]);
    expect(await sales.producer().getPartitionIds()).toEqual(["0"]);
    expect(await sales.read(1, { offset: "-1" })).toHaveLength(1);
  });

  it("is refused with another key", async () => {
    await start({ auth });
    await expect(
      clientOf({ ...root, key: "a guess" })
        .producer()
        .sendBatch([{ body: 1 }]),
    ).rejects.toMatchObject({
      code: "UnauthorizedError",
      message: "InvalidSignature: The token has an invalid signature.",
    });
  });

  it("may only send with the right to send", async () => {
    await start({ auth });
    const sales = clientOf(sender);
    await sales.producer().sendBatch([{ body: "a" }]);
    await expect(sales.read(1, { offset: "-1" })).rejects.toMatchObject({
      code: "UnauthorizedError",
      message: expect.stringMatching(
        /Unauthorized access\. 'Listen' claim\(s\) are required to perform this operation\. Resource: 'sb:.*sales/,
      ) as string,
    });
  });

  it("may only listen with the right to listen", async () => {
    await start({ auth });
    await clientOf(root)
      .producer()
      .sendBatch([{ body: "a" }]);
    const sales = clientOf(listener);
    expect(await sales.read(1, { offset: "-1" })).toHaveLength(1);
    await expect(sales.producer().sendBatch([{ body: 1 }])).rejects.toMatchObject({
      code: "UnauthorizedError",
      message: expect.stringContaining("'Send' claim(s) are required") as string,
    });
  });
});

describe("with authentication, the $cbs node", () => {
  const soon = (): number => Math.ceil(fixture.clock.now() / 1000) + 600;

  it.each([
    ["an expired token", 401, /^ExpiredToken: /, () => ({ token: sasToken(root, "sb://ns/sales", 1_000) })],
    [
      "one for something else",
      401,
      /^InvalidAudience: /,
      () => ({ token: sasToken(root, "sb://ns/x", soon()) }),
    ],
    ["one that is none", 401, /^MalformedToken: /, () => ({ token: "junk" })],
    ["one of an unknown type", 400, /^Property 'type' in the 'application-pr/, () => ({ type: "saml" })],
    ["an Entra token, for want of a validator", 401, /^InvalidToken: .*validator/, () => ({ type: "jwt" })],
  ])("refuses %s", async (_, statusCode, text, partsOf) => {
    await start({ auth });
    const { ask } = await askAt(await connect(), "$cbs");
    const { token = "t", type }: { token?: string; type?: string } = partsOf();
    const answer = await ask("put-token", putToken("sb://ns/sales", token, type));
    expect(answer.application_properties).toMatchObject({
      statusCode,
      "status-description": expect.stringMatching(text) as string,
    });
  });

  it("refuses a request without a name, and one without a token", async () => {
    await start({ auth });
    const { ask } = await askAt(await connect(), "$cbs");
    const nameless = await ask("put-token", { body: "t", application_properties: { type: "jwt" } });
    expect(nameless.application_properties).toMatchObject({ statusCode: 400 });
    const empty = await ask("put-token", { ...putToken("sb://ns/sales", ""), body: null });
    expect(empty.application_properties).toMatchObject({ statusCode: 400 });
  });

  it("accepts an Entra token that the validator accepts", async () => {
    const seen: string[] = [];
    const validateJwt: AuthSettings["validateJwt"] = (token, audience) => {
      seen.push(audience);
      if (token !== "good") return Promise.reject(new AuthError(401, "InvalidToken: The issuer is unknown."));
      return Promise.resolve({ path: audience, rights: ["Send"], expiresMs: Infinity });
    };
    await start({ auth: { ...auth, validateJwt } });
    const connection = await connect();
    const { ask } = await askAt(connection, "$cbs");
    const bad = await ask("put-token", putToken("sb://ns/sales", "bad", "jwt"));
    expect(bad.application_properties).toMatchObject({
      statusCode: 401,
      statusDescription: "InvalidToken: The issuer is unknown.",
    });
    const good = await ask("put-token", putToken("sb://ns/sales", "good", "jwt"));
    expect(good.application_properties).toMatchObject({ statusCode: 202 });
    expect(seen).toEqual(["sb://ns/sales", "sb://ns/sales"]);
    const link = await openSender(connection, "sales");
    link.send({ body: 1 });
    await event(link, "accepted");
  });

  it("is not needed by who names a rule and its key in SASL PLAIN", async () => {
    await start({ auth });
    const good = await connect({ username: listener.name, password: listener.key });
    await openReceiver(good, "sales/ConsumerGroups/$Default/Partitions/0");
    const bad = await connect({ username: listener.name, password: "a guess" });
    const refused = bad.open_receiver("sales/ConsumerGroups/$Default/Partitions/0");
    await event(refused, "receiver_error");
    expect(refused.error).toMatchObject({ condition: "amqp:unauthorized-access" });
  });
});

describe("with authentication, a connection", () => {
  it("gets no link without a token", async () => {
    await start({ auth });
    const connection = await connect();
    const link = connection.open_sender("sales");
    await event(link, "sender_error");
    expect(link.error).toMatchObject({ condition: "amqp:unauthorized-access" });
    const { ask } = await askAt(connection, "$management");
    const answer = await ask("READ", {
      application_properties: { name: "sales", type: "com.microsoft:eventhub" },
    });
    expect(answer.application_properties).toMatchObject({ statusCode: 401 });
  });

  it("SB-119: is closed when no token comes in time", async () => {
    await start({ auth: { ...auth, firstTokenMs: 50 } });
    const connection = await connect();
    // Both may have been read at once.
    if (!connection.is_closed()) await once(connection, "connection_close");
    expect(connection.error).toMatchObject({ condition: "amqp:unauthorized-access" });
  });

  it("SB-119: loses the links of an entity when the token for it expires, and no others", async () => {
    const validateJwt: AuthSettings["validateJwt"] = (token, audience) =>
      Promise.resolve({
        path: audience,
        rights: ["Send", "Listen"],
        expiresMs: token === "short" ? fixture.clock.now() + 1 : Infinity,
      });
    await start({ auth: { ...auth, validateJwt } });
    fixture.namespace.createHub("lasting", { partitions: 1 });
    const connection = await connect();
    const { ask } = await askAt(connection, "$cbs");
    await ask("put-token", putToken("sb://ns/lasting", "long", "jwt"));
    await ask("put-token", putToken("sb://ns/sales", "long", "jwt"));
    const lasting = await openSender(connection, "lasting");
    const publisher = await openSender(connection, "sales");
    const reader = await openReceiver(connection, "sales/ConsumerGroups/$Default/Partitions/0");
    void ask("put-token", putToken("sb://ns/sales", "short", "jwt"));
    const lost = await Promise.all([event(publisher, "sender_error"), event(reader, "receiver_error")]);
    expect(lost).toHaveLength(2);
    expect(publisher.error).toMatchObject({
      condition: "amqp:link:detach-forced",
      description: expect.stringMatching(
        /is force detached\. Code: RenewToken\. Details: Unauthorized access\. 'Send' claim/,
      ) as string,
    });
    expect(reader.error).toMatchObject({ condition: "amqp:link:detach-forced" });
    lasting.send({ body: 1 });
    await event(lasting, "accepted");
  });
});
