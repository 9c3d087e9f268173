import { EventHubConsumerClient, EventHubProducerClient } from "@azure/event-hubs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clientOptions } from "../../adapters/event-hubs/index.js";
import { partitionOfKey } from "../../adapters/memory/broker/stream/partition-hash.js";
import type { SendResult } from "../../src/transport/index.js";
import { envelope, HubFixture, numbers, outgoing } from "./hub-fixture.js";

let hub: HubFixture;

beforeEach(async () => {
  hub = await HubFixture.start(4);
});

afterEach(async () => {
  await hub.close();
});

const codes = (results: readonly SendResult[]) =>
  results.map((result) => (result.ok ? "ok" : result.unsent === true ? "unsent" : result.error.code));

describe("a sender", () => {
  it("sends each key to its own partition, in order, with the key where the service has it", async () => {
    const line = await hub.connect();
    const keys = ["a", "b", "c"];
    const all = Array.from({ length: 30 }, (_, n) => envelope(n, { key: keys[n % 3] ?? "" }));
    expect(codes(await line.sender().send(outgoing(...all)))).toEqual(all.map(() => "ok"));
    const got = await line.reader().take(30);
    for (const [at, key] of keys.entries()) {
      const own = got.filter((delivery) => delivery.envelope.key === key);
      expect(numbers(own)).toEqual(Array.from({ length: 10 }, (_, n) => n * 3 + at));
      expect(new Set(own.map(({ lane }) => lane))).toEqual(new Set([String(partitionOfKey(key, 4))]));
      expect(own.map(({ native }) => (native as { partitionKey: string }).partitionKey)).toEqual(
        own.map(() => key),
      );
    }
  });

  it("sends to one partition by its address, and the key still travels", async () => {
    const line = await hub.connect();
    const sender = line.senderTo("sales/Partitions/2");
    const all = [envelope(1, { key: "a" }), envelope(2, { key: "b" }), envelope(3)];
    expect(codes(await sender.send(outgoing(...all)))).toEqual(["ok", "ok", "ok"]);
    const got = await line.reader().take(3);
    expect(got.map(({ lane, envelope: { key } }) => [lane, key])).toEqual([
      ["2", "a"],
      ["2", "b"],
      ["2", undefined],
    ]);
  });

  it("packs what fits into one publication, and refuses one that is too large alone", async () => {
    const line = await hub.connect();
    const large = (n: number, bytes: number) =>
      envelope(n, { key: "a", body: Buffer.from(JSON.stringify({ n, text: "x".repeat(bytes) })) });
    const all = [large(1, 400_000), large(2, 400_000), large(3, 400_000), large(4, 2_000_000), large(5, 10)];
    expect(codes(await line.sender().send(outgoing(...all)))).toEqual(["ok", "ok", "ok", "tooLarge", "ok"]);
    expect(numbers(await line.reader().take(4))).toEqual([1, 2, 3, 5]);
  });

  it("refuses by itself what could not be read back, and sends the rest", async () => {
    const line = await hub.connect();
    const all = [envelope(1), envelope(2, { key: "k".repeat(200) }), envelope(3)];
    expect(codes(await line.sender().send(outgoing(...all)))).toEqual(["ok", "invalidMessage", "ok"]);
  });

  it("says that a missing hub is missing, and that a refused connection stored nothing", async () => {
    const line = await hub.connect();
    const [missing] = await line.senderTo("nowhere").send(outgoing(envelope(1)));
    expect(missing).toMatchObject({ ok: false, error: { code: "notFound", class: "config" } });
    const nobody =
      "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=a;SharedAccessKey=b;UseDevelopmentEmulator=true";
    const dead = await hub.connect({
      producer: (name) => new EventHubProducerClient(nobody, name, clientOptions),
    });
    const [refused] = await dead.sender().send(outgoing(envelope(1)));
    expect(refused).toMatchObject({ ok: false, error: { code: "transportFailed" } });
  });

  it("answers every member of a batch that failed with one number, and does not try what stands behind it", async () => {
    const line = await hub.connect({
      producer: (name) => {
        const client = new EventHubProducerClient(hub.emulator.connectionString(), name, clientOptions);
        client.sendBatch = () =>
          Promise.reject(
            Object.assign(new Error("gone"), { name: "MessagingError", code: "DetachForcedError" }),
          );
        return client;
      },
    });
    const body = Buffer.alloc(400_000, 32);
    const all = [1, 2, 3].map((n) => envelope(n, { key: "a", body }));
    const results = await line.sender().send(outgoing(...all));
    expect(codes(results)).toEqual(["ambiguousSend", "ambiguousSend", "unsent"]);
    expect(results.map((result) => (result.ok ? undefined : result.batch))).toEqual([1, 1, undefined]);
  });
});

describe("a reader", () => {
  it("goes on by itself when its connection breaks, without a word from the SDK", async () => {
    const line = await hub.connect();
    await line.sender().send(outgoing(envelope(1, { key: "a" })));
    const reader = line.reader();
    await reader.complete(...(await reader.take(1)));
    await hub.emulator.server.disconnect({ condition: "amqp:connection:forced", description: "gone" });
    const again = await hub.connect();
    await again.sender().send(outgoing(envelope(2, { key: "a" })));
    // Where a link was just being made the SDK does say something.
    let got = await reader.next().catch(() => []);
    while (got.length === 0) got = await reader.next().catch(() => []);
    expect(numbers(got)).toEqual([2]);
  });

  it("has no more than its window unsettled", async () => {
    const line = await hub.connect({ prefetch: 4 });
    await line.sender().send(outgoing(...Array.from({ length: 20 }, (_, n) => envelope(n, { key: "a" }))));
    const reader = line.reader({ perLane: 4 });
    const held = await reader.take(4);
    expect(await reader.next()).toEqual([]);
    await reader.complete(...held);
    const rest = await reader.take(4);
    expect(numbers([...held, ...rest])).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it("begins a link anew before the SDK has asked for too much, and misses and repeats nothing", async () => {
    let subscribed = 0;
    const line = await hub.connect({
      prefetch: 4,
      consumer: (name, group) => {
        const client = new EventHubConsumerClient(
          group,
          hub.emulator.connectionString(),
          name,
          clientOptions,
        );
        const subscribe = client.subscribe.bind(client) as (...all: unknown[]) => unknown;
        client.subscribe = ((...all: unknown[]) => {
          subscribed += 1;
          return subscribe(...all);
        }) as typeof client.subscribe;
        return client;
      },
    });
    const sender = line.senderTo("sales/Partitions/0");
    const reader = line.reader({ perLane: 4 });
    const seen: number[] = [];
    for (let n = 0; n < 60; n += 1) {
      await sender.send(outgoing(envelope(n)));
      const got = await reader.take(1);
      seen.push(...numbers(got));
      await reader.complete(...got);
    }
    expect(seen).toEqual(Array.from({ length: 60 }, (_, n) => n));
    // One per partition at first.
    expect(subscribed).toBeGreaterThan(4);
  });
});
