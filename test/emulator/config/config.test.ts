import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { EmulatorClock, machineClock } from "../../../tools/emulator/clock.js";
import { applyDeclarations } from "../../../tools/emulator/config/declaration.js";
import { readConfig, type ConfigSource } from "../../../tools/emulator/config/read-config.js";
import { Namespace } from "../../../tools/emulator/namespace.js";

const file = (name: string): string => join(import.meta.dirname, "files", name);

function emptyNamespace(): Namespace {
  return new Namespace("default", {
    clock: new EmulatorClock({ ...machineClock, now: () => 0 }),
    deliver: () => undefined,
    validationUrl: () => "",
  });
}

function load(...sources: readonly ConfigSource[]): { namespace: Namespace; warnings: string[] } {
  const warnings: string[] = [];
  const namespace = emptyNamespace();
  const declarations = sources.flatMap((source) => readConfig(source, (text) => warnings.push(text)));
  applyDeclarations(namespace, declarations);
  return { namespace, warnings };
}

const queues = (...all: readonly object[]): object => ({
  UserConfig: { Namespaces: [{ Name: "sbemulatorns", Queues: all }] },
});

describe("the Service Bus emulator's Config.json", () => {
  it("is taken as Microsoft ships it, without a warning", () => {
    const { namespace, warnings } = load(file("service-bus.json"));
    expect(warnings).toEqual([]);
    expect(namespace.broker.getQueue("queue.1")).toMatchObject({
      defaultTimeToLiveMs: 3_600_000,
      lockDurationMs: 60_000,
      maxDeliveryCount: 3,
      requiresSession: false,
    });
    expect(namespace.broker.subscriptions("topic.1")).toEqual([
      "subscription.1",
      "subscription.2",
      "subscription.3",
      "subscription.4",
    ]);
  });

  it("may forward to an entity that comes later, and exceed the other emulator's limits", () => {
    const { namespace } = load(file("service-bus.json"));
    expect(namespace.broker.getQueue("forwarding")).toMatchObject({
      forwardTo: "topic.1",
      maxDeliveryCount: 500,
    });
  });

  it("has the other emulator's defaults where it says nothing", () => {
    const { namespace } = load(queues({ Name: "bare" }));
    expect(namespace.broker.getQueue("bare")).toMatchObject({
      defaultTimeToLiveMs: 3_600_000,
      maxDeliveryCount: 3,
      lockDurationMs: 60_000,
    });
  });

  it("makes correlation filters, SQL filters and actions of its rules", () => {
    const { namespace } = load(file("service-bus.json"));
    expect(namespace.broker.rules("topic.1", "subscription.1")[0]?.filter).toEqual({
      type: "correlation",
      contentType: "application/text",
      correlationId: "id1",
      subject: "subject1",
      messageId: "msgid1",
      replyTo: "someQueue",
      replyToSessionId: "sessionId",
      sessionId: "session1",
      to: "xyz",
    });
    expect(namespace.broker.rules("topic.1", "subscription.2")[0]?.filter).toEqual({
      type: "correlation",
      properties: { prop1: "value1" },
    });
    expect(namespace.broker.rules("topic.1", "subscription.3")).toEqual([
      {
        name: "sqlfilter",
        filter: { type: "sql", expression: "sys.MessageId = '123456' AND userProp1 = 'value1'" },
        action: { type: "sql", expression: "SET sys.To = 'Entity'" },
      },
    ]);
    expect(namespace.broker.rules("topic.1", "subscription.4")[0]?.name).toBe("$Default");
  });

  it("is warned of keys that mean nothing, with their path", () => {
    const { warnings } = load(queues({ Name: "q", Colour: "red", Properties: { LockDurations: "PT1M" } }));
    expect(warnings).toEqual([
      "config $.UserConfig.Namespaces[0].Queues[0].Properties.LockDurations is not known to the emulator and has no effect",
      "config $.UserConfig.Namespaces[0].Queues[0].Colour is not known to the emulator and has no effect",
    ]);
  });

  it("is told of a window that is longer here", () => {
    const { namespace, warnings } = load(
      queues({
        Name: "q",
        Properties: { RequiresDuplicateDetection: true, DuplicateDetectionHistoryTimeWindow: "PT5S" },
      }),
    );
    expect(namespace.broker.getQueue("q").duplicateDetectionWindowMs).toBe(20_000);
    expect(warnings).toHaveLength(1);
  });

  it.each([
    [
      queues({ Name: "q", Properties: { LockDuration: "1m" } }),
      /Queues\[0\]\.Properties\.LockDuration is "1m": write an ISO 8601/,
    ],
    [
      queues({ Name: "q", Properties: { LockDuration: "PT10M" } }),
      /Queues\[0\] cannot be made: lockDurationMs/,
    ],
    [
      queues({ Name: "q", Properties: { MaxDeliveryCount: 0 } }),
      /MaxDeliveryCount must be a whole number of at least 1/,
    ],
    [queues({ Name: "q", Properties: { RequiresSession: "yes" } }), /RequiresSession must be true or false/],
    [queues({ Properties: {} }), /Queues\[0\] needs a Name: write "Name"/],
    [queues({ Name: "-q" }), /Queues\[0\]\.Name is "-q": write letters/],
    [
      queues({ Name: "q", Properties: { ForwardTo: "nowhere" } }),
      /Queues\[0\] cannot be made: .*forwarding destination/,
    ],
    [{ UserConfig: { Namespaces: {} } }, /\$\.UserConfig\.Namespaces must be a list/],
    [{ Namespaces: [] }, /has no entities: write "UserConfig"/],
    [
      {
        UserConfig: {
          Namespaces: [
            {
              Topics: [
                {
                  Name: "t",
                  Subscriptions: [{ Name: "s", Rules: [{ Name: "r", Properties: { FilterType: "Sql" } }] }],
                },
              ],
            },
          ],
        },
      },
      /Rules\[0\]\.Properties has the FilterType "Sql", but no "SqlFilter"/,
    ],
    [
      {
        UserConfig: {
          Namespaces: [
            {
              Topics: [
                {
                  Name: "t",
                  Subscriptions: [
                    {
                      Name: "s",
                      Rules: [{ Name: "r", Properties: { SqlFilter: { SqlExpression: "a ==" } } }],
                    },
                  ],
                },
              ],
            },
          ],
        },
      },
      /Subscriptions\[0\] cannot be made: /,
    ],
  ])("is refused for %j", (config, message) => {
    expect(() => load(config)).toThrow(message);
  });
});

describe("the Event Hubs emulator's Config.json", () => {
  it("is taken as it is, with more hubs and partitions than the other emulator has", () => {
    const { namespace, warnings } = load(file("event-hubs.json"));
    expect(warnings).toEqual([]);
    expect(namespace.hubs()).toEqual(["eh1", "wide"]);
    expect(namespace.streams.hubProperties("eh1")).toMatchObject({
      partitionIds: ["0", "1"],
      consumerGroups: ["$Default", "cg1"],
    });
    expect(namespace.streams.hubProperties("wide").partitionIds).toHaveLength(64);
  });
});

describe("several configurations", () => {
  it("are one namespace", () => {
    const { namespace } = load(file("service-bus.json"), file("event-hubs.json"));
    expect([namespace.kindOf("QUEUE.1"), namespace.kindOf("topic.1"), namespace.kindOf("eh1")]).toEqual([
      "queue",
      "topic",
      "hub",
    ]);
  });

  it("may not have one name twice, and the error names both places", () => {
    const hub = { UserConfig: { NamespaceConfig: [{ Entities: [{ Name: "QUEUE.1" }] }] } };
    expect(() => load(file("service-bus.json"), hub)).toThrow(
      /^config \$\.UserConfig\.NamespaceConfig\[0\]\.Entities\[0\] declares "QUEUE\.1", which .*service-bus\.json \$\.UserConfig\.Namespaces\[0\]\.Queues\[0\] declares too/,
    );
  });
});

describe("a file that is none", () => {
  it("is named with the line where it breaks", () => {
    const path = join(mkdtempSync(join(tmpdir(), "waybill-config-")), "Config.json");
    writeFileSync(path, '{\n  "UserConfig": {\n    oops\n');
    expect(() => load(path)).toThrow(/Config\.json:3:5 is not JSON/);
  });

  it("is named when it is not there", () => {
    expect(() => load("/nowhere/Config.json")).toThrow(
      "/nowhere/Config.json cannot be read (ENOENT): give the path of a Config.json",
    );
  });
});
