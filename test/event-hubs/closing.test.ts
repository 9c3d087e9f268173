import { EventHubConsumerClient } from "@azure/event-hubs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clientOptions } from "../../adapters/event-hubs/index.js";
import { acceleratedRuntime } from "../conformance/accelerated-runtime.js";
import { envelope, HubFixture, numbers, outgoing } from "./hub-fixture.js";

let hub: HubFixture;

beforeEach(async () => {
  hub = await HubFixture.start(2);
});

afterEach(async () => {
  await hub.close();
});

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

describe("closing a reader", () => {
  it("ends though neither the store nor the SDK answers", async () => {
    let hangs = false;
    const runtime = acceleratedRuntime();
    const line = await hub.connect(
      {
        checkpoints: {
          ...hub.checkpoints,
          claim: (place, claim) => (hangs ? never() : hub.checkpoints.claim(place, claim)),
        },
        consumer: (name, group) => {
          const client = new EventHubConsumerClient(
            group,
            hub.emulator.connectionString(),
            name,
            clientOptions,
          );
          const close = client.close.bind(client);
          client.close = () => {
            void close();
            return never();
          };
          return client;
        },
      },
      { runtime },
    );
    await line.sender().send(outgoing(envelope(1)));
    const reader = line.reader();
    await reader.take(1);
    hangs = true;
    const startedMs = runtime.elapsed();
    await reader.receiver.close();
    expect(runtime.elapsed() - startedMs).toBeLessThan(15_000);
    await reader.receiver.close();
    expect(await reader.next()).toEqual([]);
  });

  it("answers a receive that waits with nothing, and gives up every partition", async () => {
    const line = await hub.connect();
    const reader = line.reader();
    const waiting = reader.receiver.receive(1, new AbortController().signal);
    await line.sender().send(outgoing(envelope(1, { key: "a" })));
    const got = await waiting;
    const again = reader.receiver.receive(1, new AbortController().signal);
    await reader.receiver.close();
    expect([numbers(got), await again]).toEqual([[1], []]);
    const owners = await hub.checkpoints.owners({ namespace: "127.0.0.1", stream: "sales", group: "till" });
    expect(owners.map(({ owner }) => owner)).toEqual(["", ""]);
  });
});

describe("a reader whose store fails", () => {
  it("says so, reads on, and is well again with the store", async () => {
    let fails = false;
    const line = await hub.connect({
      checkpoints: {
        ...hub.checkpoints,
        owners: (place) => {
          if (fails) throw new Error("the account is away");
          return hub.checkpoints.owners(place);
        },
      },
    });
    const sender = line.senderTo("sales/Partitions/0");
    const reader = line.reader();
    await sender.send(outgoing(envelope(1)));
    expect(numbers(await reader.take(1))).toEqual([1]);
    fails = true;
    await expect(reader.take(1)).rejects.toMatchObject({ code: "storeFailed", class: "dependencyDown" });
    await sender.send(outgoing(envelope(2)));
    const got: number[] = [];
    while (got.length === 0) got.push(...numbers(await reader.next().catch(() => [])));
    expect(got).toEqual([2]);
    fails = false;
    await sender.send(outgoing(envelope(3)));
    while (got.length < 2) got.push(...numbers(await reader.next().catch(() => [])));
    expect(got).toEqual([2, 3]);
  });
});

describe("what is known of a partition", () => {
  it("is its last event, what is unsettled, and when it was heard of last", async () => {
    const line = await hub.connect();
    await line.senderTo("sales/Partitions/1").send(outgoing(envelope(1), envelope(2)));
    const reader = line.reader();
    const [first] = await reader.take(2);
    if (first !== undefined) await reader.complete(first);
    const evidence = reader.receiver.evidence?.().find(({ partition }) => partition === "1");
    expect(evidence).toMatchObject({ unsettled: 1, lastSequenceNumber: "1", failure: undefined });
    expect(evidence?.lastHeardMs).toBeTypeOf("number");
  });
});

describe("options", () => {
  it.each([
    [{ ownershipExpiry: "200ms", balanceInterval: "100ms" } as const, /at least thrice/],
    [{ prefetch: 0 }, /prefetch is 0/],
    [{ silence: "0s" } as const, /silence is "0s"/],
  ])("are refused before any I/O: %o", async (options, said) => {
    await expect(hub.connect(options)).rejects.toThrow(said);
  });

  it("let a hub with another number of partitions be found at the start", async () => {
    const contract = { partitions: 3 };
    await expect(hub.connect({ topology: "verify" }, contract)).rejects.toMatchObject({
      code: "alreadyExists",
    });
    await expect(hub.connect({ topology: "verify" })).resolves.toBeDefined();
  });
});
