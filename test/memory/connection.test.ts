import { describe, expect, it } from "vitest";
import { isMemoryDelivery, memory, memoryBroker } from "../../adapters/memory/index.js";
import { virtualRuntime } from "../../src/runtime/virtual-runtime.js";
import type { Runtime } from "../../src/transport/index.js";
import {
  complete,
  envelope,
  Fixture,
  groupSource,
  ids,
  listenerSource,
  never,
  now,
  queueSource,
  send,
  settle,
  subscriptionSource,
  sync,
} from "./adapter-fixture.js";

const minute = 60_000;
const jobs = queueSource("jobs", { lockMs: minute });

const connectOn = (transport: ReturnType<typeof memory>, runtime: Runtime, service: string) =>
  sync(transport.connect({ service, runtime, destinations: [jobs], sources: [jobs] }));

describe("memory()", () => {
  it("connects services to one broker when they share the transport or the broker", () => {
    const broker = memoryBroker();
    const [one, two] = [new Fixture(broker), new Fixture(broker)];
    send(one.connect([jobs]), jobs, envelope("1"));
    expect(ids(now(two.receiver(two.connect([jobs], "other"), jobs)))).toEqual(["1"]);
  });

  it("keeps brokers apart otherwise", () => {
    const [one, two] = [new Fixture(), new Fixture()];
    send(one.connect([jobs]), jobs, envelope("1"));
    expect(now(two.receiver(two.connect([jobs]), jobs))).toEqual([]);
  });

  it("refuses a broker that is none", () => {
    expect(() => memory({ broker: { counts: () => [] } })).toThrow("memoryBroker()");
  });

  it("names itself in the message that a handler may look into", () => {
    const fixture = new Fixture();
    const connection = fixture.connect([jobs]);
    send(connection, jobs, envelope("1"));
    const [got] = now(fixture.receiver(connection, jobs));
    expect(isMemoryDelivery(got?.native) && got.native.message.messageId).toBe("1");
    expect([{}, null, "x"].map(isMemoryDelivery)).toEqual([false, false, false]);
  });
});

describe("a connection", () => {
  it("refuses settings that contradict those of another service, naming both", () => {
    const fixture = new Fixture();
    fixture.connect([jobs], "first");
    const other = queueSource("jobs", { lockMs: minute, ordered: true });
    expect(() => fixture.connect([other], "second")).toThrow(/"first" declares it; service "second"/);
    expect(() => fixture.connect([queueSource("jobs", { lockMs: minute, description: "x" })])).not.toThrow();
  });

  it("refuses settings that the broker does not take", () => {
    const fixture = new Fixture();
    expect(() => fixture.connect([queueSource("jobs", { lockMs: 10 * minute })])).toThrow(
      expect.objectContaining({ code: "invalidOption" }),
    );
  });

  it("refuses one name for a queue and a topic, as the service does", () => {
    const fixture = new Fixture();
    expect(() => fixture.connect([jobs, subscriptionSource("jobs", "s")])).toThrow(
      expect.objectContaining({ code: "alreadyExists" }),
    );
    expect(() => fixture.connect([groupSource("jobs", "g"), listenerSource("jobs", "l")])).not.toThrow();
  });

  it("closes its senders and receivers, once", async () => {
    const fixture = new Fixture();
    const connection = fixture.connect([jobs]);
    const sender = connection.sender(jobs);
    const waiting = Promise.resolve(fixture.receiver(connection, jobs).receive(1, never));
    void connection.close();
    void connection.close();
    expect(await waiting).toEqual([]);
    expect(sync(sender.send([{ envelope: envelope("1") }]))).toMatchObject([{ ok: false }]);
    expect(() => connection.sender(jobs)).toThrow("is closed");
    expect(() => fixture.receiver(connection, jobs)).toThrow("is closed");
  });

  it("does not put off what falls due for the others when it is closed", async () => {
    const fixture = new Fixture();
    const { runtime } = fixture;
    const [holding, waiting, leaving] = ["holding", "waiting", "leaving"].map((name) =>
      fixture.connect([jobs], name),
    );
    if (holding === undefined || waiting === undefined) throw new Error("not connected");
    send(holding, jobs, envelope("1"));
    now(fixture.receiver(holding, jobs));
    const got: string[] = [];
    void Promise.resolve(fixture.receiver(waiting, jobs).receive(1, never)).then((deliveries) => {
      got.push(...ids(deliveries));
    });
    await runtime.drive({ target: runtime.now() + minute / 2 });
    void leaving?.close();
    await runtime.drive({ target: runtime.now() + minute / 2 });
    expect(got).toEqual(["1"]);
  });

  it("gives up sessions and partitions when it is closed, and keeps what was sent", () => {
    const fixture = new Fixture();
    const sources = [queueSource("ordered", { ordered: true }), groupSource("sales", "g", { partitions: 1 })];
    const first = fixture.connect(sources);
    for (const source of sources) {
      send(first, source, envelope("1", { key: "k" }));
      expect(now(fixture.receiver(first, source))).toHaveLength(1);
    }
    void first.close();
    const second = fixture.connect(sources);
    for (const source of sources) expect(ids(now(fixture.receiver(second, source)))).toEqual(["1"]);
  });

  it("reads only what it was connected for", () => {
    const fixture = new Fixture();
    const connection = fixture.connect([groupSource("sales", "g")]);
    expect(() => fixture.receiver(connection, groupSource("sales", "other"))).toThrow("connect()");
    expect(() => fixture.receiver(connection, queueSource("nothing"))).toThrow(
      expect.objectContaining({ code: "notFound" }),
    );
  });
});

describe("the time of a broker", () => {
  it("goes on by the clock of those who are left when the process that kept its timer dies", async () => {
    const world = virtualRuntime();
    const transport = memory();
    const survivor = connectOn(transport, world, "survivor");
    let alive = true;
    const mortal: Runtime = {
      ...world,
      after: (delayMs, run) =>
        world.after(delayMs, () => {
          if (alive) run();
        }),
    };
    const dying = connectOn(transport, mortal, "dying");
    send(survivor, jobs, envelope("1"));
    const options = { lanes: 1, perLane: 1, startFrom: "latest", onLost: () => undefined } as const;
    expect(now(dying.receiver(jobs, options))).toHaveLength(1);
    alive = false;
    void dying.close();
    const waiting = Promise.resolve(survivor.receiver(jobs, options).receive(1, never));
    await world.drive({ target: world.now() + minute });
    expect((await waiting)[0]?.deliveryCount).toBe(2);
  });

  it("refuses a service that lives in another time", () => {
    const transport = memory();
    connectOn(transport, virtualRuntime(), "first");
    const later = virtualRuntime({ startMs: Date.UTC(2030, 0, 1) });
    const earlier = virtualRuntime({ startMs: Date.UTC(2020, 0, 1) });
    expect(() => connectOn(transport, later, "second")).toThrow("ahead of that of the in-memory broker");
    expect(() => connectOn(transport, earlier, "second")).toThrow("behind that of the in-memory broker");
  });

  it("stands still while nobody is connected, and never goes back", async () => {
    const world = virtualRuntime();
    const transport = memory();
    const first = connectOn(transport, world, "first");
    send(first, jobs, envelope("1", { ttlMs: minute }));
    void first.close();
    await world.drive({ target: world.now() + 2 * minute });
    const early = virtualRuntime({ startMs: Date.UTC(2025, 0, 1) });
    expect(() => connectOn(transport, early, "early")).toThrow("behind");
    const second = connectOn(transport, world, "second");
    expect(now(new Fixture().receiver(second, jobs))).toEqual([]);
    expect(sync(second.deadLetters(jobs).peek(1))).toMatchObject([{ record: { reason: "BrokerExpired" } }]);
  });

  it("needs no timer for what does not wait for time", async () => {
    const fixture = new Fixture();
    let timers = 0;
    const runtime: Runtime = {
      ...fixture.runtime,
      after: (delayMs, run) => {
        timers += 1;
        return fixture.runtime.after(delayMs, run);
      },
    };
    const transport = memory();
    const connection = connectOn(transport, runtime, "svc");
    const receiver = fixture.receiver(connection, jobs);
    for (let n = 0; n < 100; n += 1) send(connection, jobs, envelope(String(n)));
    expect(timers).toBe(0);
    for (let n = 0; n < 100; n += 1) settle(receiver, now(receiver, 1)[0], complete);
    await fixture.advance(10 * minute);
    expect(timers).toBeLessThan(5);
  });
});

describe("the counts of a broker", () => {
  it("tell what everything holds", async () => {
    const broker = memoryBroker();
    const fixture = new Fixture(broker);
    const sources = [
      queueSource("jobs", { scheduled: true }),
      subscriptionSource("orders", "billing"),
      groupSource("sales", "readers", { partitions: 1 }),
      listenerSource("shipments", "mail"),
    ] as const;
    const connection = fixture.connect(sources);
    for (const source of sources)
      send(connection, source, envelope("1", { key: "k" }), envelope("2", { key: "k" }));
    void connection.sender(sources[0]).send([{ envelope: envelope("3"), dueMs: fixture.runtime.now() + 1 }]);
    const reader = fixture.receiver(connection, sources[2], { perLane: 5 });
    await reader.checkpoint?.(now(reader)[0]!);
    const none = { scheduled: 0, deferred: 0, deadLetter: 0 };
    expect(broker.counts()).toEqual([
      { kind: "queue", address: "jobs", ...none, active: 2, scheduled: 1 },
      { kind: "topic", address: "orders", ...none, active: 0 },
      { kind: "subscription", address: "orders", as: "billing", ...none, active: 2 },
      { kind: "group", address: "sales", as: "readers", ...none, active: 1 },
      { kind: "listener", address: "shipments", as: "mail", ...none, active: 2 },
    ]);
  });
});
