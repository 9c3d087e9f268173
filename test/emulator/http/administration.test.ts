import type { RestError } from "@azure/core-rest-pipeline";
import type { ServiceBusAdministrationClient } from "@azure/service-bus";
import { describe, expect, it } from "vitest";
import {
  administrationClient,
  secureAdministrationClient,
  startStage,
  testCertificate,
  type Stage,
} from "./fixtures.js";

const endless = "P10675199DT2H48M5.4775807S";

async function stageWithClient(): Promise<Stage & { readonly client: ServiceBusAdministrationClient }> {
  const stage = await startStage();
  return { ...stage, client: administrationClient(stage) };
}

/** Code and status of what a call rejects with. */
async function refusalOf(
  call: () => Promise<unknown>,
): Promise<Pick<RestError, "code" | "statusCode" | "message">> {
  try {
    await call();
  } catch (error) {
    const { code, statusCode, message } = error as RestError;
    return {
      message,
      ...(code === undefined ? {} : { code }),
      ...(statusCode === undefined ? {} : { statusCode }),
    };
  }
  throw new Error("the call succeeded");
}

async function all<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of pages) found.push(one);
  return found;
}

describe("queues, through ServiceBusAdministrationClient", () => {
  it("has Azure's defaults", async () => {
    const { client, server } = await stageWithClient();
    const queue = await client.createQueue("orders");
    expect(queue).toMatchObject({
      name: "orders",
      lockDuration: "PT1M",
      maxSizeInMegabytes: 1024,
      requiresDuplicateDetection: false,
      requiresSession: false,
      defaultMessageTimeToLive: endless,
      deadLetteringOnMessageExpiration: false,
      duplicateDetectionHistoryTimeWindow: "PT10M",
      maxDeliveryCount: 10,
      enableBatchedOperations: true,
      status: "Active",
      forwardTo: undefined,
      forwardDeadLetteredMessagesTo: undefined,
      autoDeleteOnIdle: endless,
      enablePartitioning: false,
      enableExpress: false,
      availabilityStatus: "Available",
      maxMessageSizeInKilobytes: 256,
      authorizationRules: undefined,
      userMetadata: undefined,
    });
    expect(queue._response.status).toBe(201);
    expect(server.listening).toBe(true);
  });

  it("keeps every option that it is created with", async () => {
    const { client, origin } = await stageWithClient();
    await client.createQueue("dead/letters");
    const options = {
      lockDuration: "PT30S",
      maxSizeInMegabytes: 2048,
      requiresDuplicateDetection: true,
      requiresSession: true,
      defaultMessageTimeToLive: "P14D",
      deadLetteringOnMessageExpiration: true,
      duplicateDetectionHistoryTimeWindow: "PT1H30M",
      maxDeliveryCount: 3,
      enableBatchedOperations: false,
      status: "SendDisabled",
      userMetadata: "a < b & 'c'",
      autoDeleteOnIdle: "PT10M",
      authorizationRules: [
        {
          claimType: "SharedAccessKey",
          keyName: "reader",
          accessRights: ["Listen"],
          primaryKey: "p",
          secondaryKey: "s",
        },
      ],
    } as const;
    await client.createQueue("a.b-c_d/Eu", {
      ...options,
      authorizationRules: options.authorizationRules.map((rule) => ({
        ...rule,
        accessRights: [...rule.accessRights],
      })),
      forwardDeadLetteredMessagesTo: "dead/letters",
    });
    const queue = await client.getQueue("a.b-c_d/Eu");
    expect(queue).toMatchObject({
      ...options,
      name: "a.b-c_d/Eu",
      forwardDeadLetteredMessagesTo: `${origin.replace("http", "sb")}/dead/letters`,
    });
    expect((await client.getQueue("A.B-C_D/EU")).name).toBe("a.b-c_d/Eu");
  });

  it("changes what an update says, and puts back to its default what it leaves out", async () => {
    const { client, namespace } = await stageWithClient();
    await client.createQueue("target");
    const queue = await client.createQueue("orders", { maxDeliveryCount: 5, userMetadata: "note" });
    const updated = await client.updateQueue({ ...queue, lockDuration: "PT45S", forwardTo: "target" });
    expect(updated).toMatchObject({ lockDuration: "PT45S", maxDeliveryCount: 5, userMetadata: "note" });
    expect(namespace.broker.getQueue("orders")).toMatchObject({
      lockDurationMs: 45_000,
      forwardTo: "target",
    });
    const { forwardTo: _forwardTo, ...without } = updated;
    expect((await client.updateQueue(without)).forwardTo).toBeUndefined();
    expect(namespace.broker.getQueue("orders").forwardTo).toBe("");
  });

  it("refuses a change of what is fixed at creation", async () => {
    const { client } = await stageWithClient();
    const queue = await client.createQueue("orders");
    const refusal = await refusalOf(() => client.updateQueue({ ...queue, requiresSession: true }));
    expect(refusal).toMatchObject({ code: "ServiceError", statusCode: 400 });
    expect(refusal.message).toMatch(/RequiresSession/);
  });

  it("counts messages by kind, and tells sizes and times", async () => {
    const { client, clock, namespace } = await stageWithClient();
    await client.createQueue("orders");
    expect((await client.getQueueRuntimeProperties("orders")).accessedAt).toEqual(
      new Date("0001-01-01T00:00:00Z"),
    );
    clock.advance(3_600_000);
    const body = new TextEncoder().encode("hello");
    namespace.enter(() => {
      const { broker } = namespace;
      broker.send("orders", [{ body }, { body }, { body }, { body }]);
      broker.schedule("orders", [{ body, scheduledEnqueueTimeMs: clock.now() + 60_000 }]);
      const receiver = broker.attachReceiver("orders");
      const [first, second] = receiver.take(2);
      if (first !== undefined) receiver.deadLetter(first);
      if (second !== undefined) receiver.defer(second);
    });
    const runtime = await client.getQueueRuntimeProperties("orders");
    expect(runtime).toMatchObject({
      totalMessageCount: 5,
      activeMessageCount: 3,
      scheduledMessageCount: 1,
      deadLetterMessageCount: 1,
      transferMessageCount: 0,
      transferDeadLetterMessageCount: 0,
    });
    expect(runtime.sizeInBytes).toBeGreaterThan(20);
    // The client lives on the machine's clock, an hour behind.
    expect(clock.now() - runtime.accessedAt.getTime()).toBeGreaterThanOrEqual(3_600_000);
    expect(runtime.modifiedAt).toEqual(runtime.createdAt);
  });

  it("lists in pages", async () => {
    const { client } = await stageWithClient();
    const names = ["q1", "q2", "q3", "q4", "q5"];
    for (const name of [...names].reverse()) await client.createQueue(name);
    await client.createTopic("topic");
    expect((await all(client.listQueues())).map(({ name }) => name)).toEqual(names);
    const pages = await all(client.listQueues().byPage({ maxPageSize: 2 }));
    expect(pages.map((page) => page.map(({ name }) => name))).toEqual([["q1", "q2"], ["q3", "q4"], ["q5"]]);
    expect(await all(client.listQueuesRuntimeProperties())).toHaveLength(5);
  });

  it("deletes, and then knows nothing", async () => {
    const { client } = await stageWithClient();
    await client.createQueue("orders");
    expect(await client.queueExists("orders")).toBe(true);
    await client.deleteQueue("orders");
    expect(await client.queueExists("orders")).toBe(false);
  });
});

describe("what the administration API refuses", () => {
  it("shows nothing where a queue or topic is not, which the client takes for not found", async () => {
    const { client } = await stageWithClient();
    const missing = { code: "MessageEntityNotFoundError", statusCode: 200 };
    expect(await refusalOf(() => client.getQueue("none"))).toMatchObject(missing);
    expect(await refusalOf(() => client.getTopic("none"))).toMatchObject(missing);
    expect(await refusalOf(() => client.getQueueRuntimeProperties("none"))).toMatchObject(missing);
  });

  it("answers 404 to every other use of what is missing", async () => {
    const { client } = await stageWithClient();
    const queue = await client.createQueue("orders");
    await client.createTopic("sales");
    const subscription = await client.createSubscription("sales", "billing");
    const rule = await client.getRule("sales", "billing", "$Default");
    const missing = { code: "MessageEntityNotFoundError", statusCode: 404 };
    const calls = [
      () => client.deleteQueue("none"),
      () => client.deleteTopic("none"),
      () => client.updateQueue({ ...queue, name: "none" }),
      () => client.getSubscription("sales", "none"),
      () => client.getSubscription("none", "billing"),
      () => client.updateSubscription({ ...subscription, subscriptionName: "none" }),
      () => client.deleteSubscription("sales", "none"),
      () => client.createSubscription("none", "billing"),
      () => client.getRule("sales", "billing", "none"),
      () => client.updateRule("sales", "billing", { ...rule, name: "none" }),
      () => client.deleteRule("sales", "billing", "none"),
      () => all(client.listRules("sales", "none")),
    ];
    for (const call of calls) expect(await refusalOf(call)).toMatchObject(missing);
  });

  it("answers 409 to what exists, whichever kind it is of", async () => {
    const { client, namespace } = await stageWithClient();
    await client.createQueue("orders");
    await client.createTopic("sales");
    await client.createSubscription("sales", "billing");
    await client.createRule("sales", "billing", "r", { sqlExpression: "1=1" });
    namespace.createHub("events");
    const calls = [
      () => client.createQueue("ORDERS"),
      () => client.createQueue("sales"),
      () => client.createTopic("orders"),
      () => client.createQueue("events"),
      () => client.createSubscription("sales", "billing"),
      () => client.createRule("sales", "billing", "r", { sqlExpression: "1=1" }),
    ];
    for (const call of calls) {
      expect(await refusalOf(call)).toMatchObject({
        code: "MessageEntityAlreadyExistsError",
        statusCode: 409,
      });
    }
    expect((await refusalOf(() => client.createQueue("orders"))).message).toMatch(
      /^SubCode=40900\. Conflict\./,
    );
    expect((await refusalOf(() => client.createSubscription("sales", "billing"))).message).toMatch(
      /already exists/,
    );
  });

  it("answers 400 to bad values, and says which", async () => {
    const { client } = await stageWithClient();
    await client.createTopic("sales");
    await client.createSubscription("sales", "billing");
    const cases: [() => Promise<unknown>, RegExp][] = [
      [() => client.createQueue("q", { lockDuration: "PT10M" }), /LockDuration.*5 minutes/],
      [() => client.createQueue("q", { lockDuration: "a minute" }), /LockDuration.*ISO 8601/],
      [() => client.createQueue("q", { maxDeliveryCount: 0 }), /MaxDeliveryCount/],
      [() => client.createQueue("q", { maxSizeInMegabytes: 90_000 }), /MaxSizeInMegabytes/],
      [() => client.createQueue("q", { duplicateDetectionHistoryTimeWindow: "P8D" }), /DuplicateDetection/],
      [
        () => client.createQueue("q", { forwardTo: "nowhere" }),
        /SubCode=40400\. The auto forwarding destination/,
      ],
      [() => client.createQueue("q", { autoDeleteOnIdle: "PT1M" }), /AutoDeleteOnIdle/],
      [() => client.createQueue("q", { userMetadata: "x".repeat(1_025) }), /UserMetadata/],
      [() => client.createQueue("q", { status: "Sleeping" as "Active" }), /Status/],
      [() => client.createQueue("no spaces"), /contains character\(s\) that is not allowed by Service Bus/],
      [() => client.createQueue("x".repeat(261)), /260/],
      [() => client.createTopic("t", { status: "ReceiveDisabled" }), /ReceiveDisabled/],
      [() => client.createRule("sales", "billing", "r", { sqlExpression: "a = = 1" }), /character/],
    ];
    for (const [call, text] of cases) {
      const refusal = await refusalOf(call);
      expect(refusal).toMatchObject({ code: "ServiceError", statusCode: 400 });
      expect(refusal.message).toMatch(text);
    }
  });
});

describe("topics and subscriptions, through ServiceBusAdministrationClient", () => {
  it("creates, shows, changes, lists and deletes topics", async () => {
    const { client } = await stageWithClient();
    const topic = await client.createTopic("sales", {
      defaultMessageTimeToLive: "PT1H",
      supportOrdering: true,
    });
    expect(topic).toMatchObject({ name: "sales", defaultMessageTimeToLive: "PT1H", supportOrdering: true });
    await client.updateTopic({ ...topic, status: "SendDisabled", userMetadata: "closed" });
    expect(await client.getTopic("sales")).toMatchObject({ status: "SendDisabled", userMetadata: "closed" });
    await client.createSubscription("sales", "s");
    expect(await client.getTopicRuntimeProperties("sales")).toMatchObject({
      name: "sales",
      subscriptionCount: 1,
      scheduledMessageCount: 0,
      sizeInBytes: 0,
    });
    expect((await all(client.listTopics())).map(({ name }) => name)).toEqual(["sales"]);
    expect(await all(client.listTopicsRuntimeProperties())).toHaveLength(1);
    await client.deleteTopic("sales");
    expect(await client.topicExists("sales")).toBe(false);
  });

  it("creates, shows, changes, lists and deletes subscriptions", async () => {
    const { client, namespace } = await stageWithClient();
    await client.createTopic("sales/eu");
    await client.createQueue("archive");
    const subscription = await client.createSubscription("sales/eu", "billing", {
      lockDuration: "PT20S",
      requiresSession: true,
      deadLetteringOnFilterEvaluationExceptions: false,
      forwardDeadLetteredMessagesTo: "archive",
    });
    expect(subscription).toMatchObject({
      topicName: "sales/eu",
      subscriptionName: "billing",
      lockDuration: "PT20S",
      requiresSession: true,
      maxDeliveryCount: 10,
      defaultMessageTimeToLive: endless,
      autoDeleteOnIdle: endless,
      deadLetteringOnMessageExpiration: false,
      deadLetteringOnFilterEvaluationExceptions: false,
      status: "Active",
      availabilityStatus: "Available",
    });
    expect(subscription.forwardDeadLetteredMessagesTo).toMatch(/^sb:.*\/archive$/);
    await client.updateSubscription({ ...subscription, maxDeliveryCount: 2 });
    expect((await client.getSubscription("sales/eu", "billing")).maxDeliveryCount).toBe(2);
    namespace.enter(() => namespace.broker.send("sales/eu", [{ body: new Uint8Array(3), sessionId: "s" }]));
    expect(await client.getSubscriptionRuntimeProperties("sales/eu", "billing")).toMatchObject({
      totalMessageCount: 1,
      activeMessageCount: 1,
      deadLetterMessageCount: 0,
    });
    await client.createSubscription("sales/eu", "audit");
    const names = (await all(client.listSubscriptions("sales/eu"))).map((each) => each.subscriptionName);
    expect(names).toEqual(["audit", "billing"]);
    const pages = await all(client.listSubscriptionsRuntimeProperties("sales/eu").byPage({ maxPageSize: 1 }));
    expect(pages.map((page) => page.length)).toEqual([1, 1]);
    await client.deleteSubscription("sales/eu", "billing");
    expect(await client.subscriptionExists("sales/eu", "billing")).toBe(false);
  });

  it("starts a subscription with the rule that is asked for", async () => {
    const { client } = await stageWithClient();
    await client.createTopic("sales");
    await client.createSubscription("sales", "plain");
    expect(await all(client.listRules("sales", "plain"))).toMatchObject([
      { name: "$Default", filter: { sqlExpression: "1=1" }, action: {} },
    ]);
    await client.createSubscription("sales", "red", {
      defaultRuleOptions: { name: "red", filter: { applicationProperties: { colour: "red" } } },
    });
    expect(await all(client.listRules("sales", "red"))).toMatchObject([
      { name: "red", filter: { applicationProperties: { colour: "red" } } },
    ]);
  });
});

describe("rules, through ServiceBusAdministrationClient", () => {
  it("keeps SQL filters and actions with their parameters", async () => {
    const { client } = await stageWithClient();
    await client.createTopic("sales");
    await client.createSubscription("sales", "s");
    const filter = {
      sqlExpression: "colour = @c AND count > @n AND note <> ' a<b&c '",
      sqlParameters: { "@c": "red", "@n": 2.5 },
    };
    await client.createRule("sales", "s", "r", filter, { sqlExpression: "SET priority = 'high'" });
    expect(await client.getRule("sales", "s", "r")).toMatchObject({
      name: "r",
      filter,
      action: { sqlExpression: "SET priority = 'high'" },
    });
  });

  it("keeps correlation filters with properties of every type that the client knows", async () => {
    const { client, namespace } = await stageWithClient();
    await client.createTopic("sales");
    await client.createSubscription("sales", "s");
    const filter = {
      contentType: "application/json",
      correlationId: "c",
      subject: "label",
      messageId: "m",
      replyTo: "r",
      replyToSessionId: "rs",
      sessionId: "s",
      to: "t",
      applicationProperties: {
        text: "a",
        count: 3,
        share: 0.5,
        urgent: true,
        since: new Date("2026-01-02T03:04:05Z"),
      },
    };
    await client.createRule("sales", "s", "r", filter);
    expect((await client.getRule("sales", "s", "r")).filter).toEqual(filter);
    expect(namespace.broker.rules("sales", "s")[1]?.filter).toMatchObject({
      properties: filter.applicationProperties,
    });
  });

  it("shows rules that were made of filters which the client cannot make", async () => {
    const { client, namespace } = await stageWithClient();
    await client.createTopic("sales");
    const rules = [{ name: "never", filter: { type: "false" } } as const];
    namespace.broker.createSubscription("sales", "s", { rules });
    expect((await client.getRule("sales", "s", "never")).filter).toMatchObject({ sqlExpression: "1=0" });
  });

  it("changes and deletes rules, and messages follow", async () => {
    const { client, namespace } = await stageWithClient();
    await client.createTopic("sales");
    await client.createSubscription("sales", "s");
    const rule = await client.getRule("sales", "s", "$Default");
    await client.updateRule("sales", "s", { ...rule, filter: { subject: "wanted" } });
    const body = new Uint8Array(1);
    const waiting = (): number => namespace.broker.getSubscription("sales", "s").counts.active;
    namespace.enter(() => namespace.broker.send("sales", [{ body }, { body, subject: "wanted" }]));
    expect(waiting()).toBe(1);
    expect(await client.ruleExists("sales", "s", "$Default")).toBe(true);
    await client.deleteRule("sales", "s", "$Default");
    expect(await client.ruleExists("sales", "s", "$Default")).toBe(false);
    expect(await all(client.listRules("sales", "s"))).toEqual([]);
    namespace.enter(() => namespace.broker.send("sales", [{ body, subject: "wanted" }]));
    expect(waiting()).toBe(1);
  });
});

describe("the namespace", () => {
  it("tells its name and when it was made", async () => {
    const { client, clock } = await stageWithClient();
    const properties = await client.getNamespaceProperties();
    expect(properties).toMatchObject({ name: "sbemulatorns", messagingSku: "Standard" });
    expect(properties.createdAt.getTime()).toBeLessThanOrEqual(clock.now());
  });
});

describe("the administration API over TLS", () => {
  it("serves the client as it is, beside plain HTTP on the same port", async () => {
    const certificate = await testCertificate();
    const stage = await startStage({ tls: certificate });
    const secure = secureAdministrationClient(stage, certificate);
    await secure.createQueue("orders");
    expect(await secure.queueExists("orders")).toBe(true);
    expect(await administrationClient(stage).queueExists("orders")).toBe(true);
  });

  it("cuts a TLS client off when there is no certificate", async () => {
    const stage = await startStage();
    const secure = secureAdministrationClient(stage, await testCertificate());
    await expect(secure.createQueue("orders")).rejects.toThrow();
    expect(await administrationClient(stage).queueExists("orders")).toBe(false);
  });
});

describe("authorization of the administration API", () => {
  const rules = [
    { name: "RootManageSharedAccessKey", key: "right", rights: ["Manage", "Send", "Listen"] },
    { name: "sender", key: "sends", rights: ["Send"] },
  ] as const;

  it("lets in who knows the key", async () => {
    const stage = await startStage({ auth: { rules } });
    const client = administrationClient(stage, "right");
    await client.createQueue("orders");
    expect(await client.queueExists("orders")).toBe(true);
  });

  it("answers 401 to a wrong key and to none", async () => {
    const stage = await startStage({ auth: { rules } });
    const refusal = await refusalOf(() => administrationClient(stage, "wrong").createQueue("orders"));
    expect(refusal).toMatchObject({ code: "UnauthorizedRequestError", statusCode: 401 });
    expect(refusal.message).toMatch(/InvalidSignature/);
    const bare = await fetch(`${stage.origin}/orders?api-version=2021-05`);
    expect(bare.status).toBe(401);
    expect(await bare.text()).toMatch(/<Code>401<\/Code><Detail>MissingToken/);
  });
});
