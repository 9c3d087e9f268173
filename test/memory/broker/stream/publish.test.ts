import { describe, expect, it } from "vitest";
import { earliest } from "../../../../adapters/memory/broker/stream/event-position.js";
import {
  hashPartitionKey,
  partitionOfKey,
} from "../../../../adapters/memory/broker/stream/partition-hash.js";
import { detachments, event, refusal, salesHub, startMs, texts } from "./stream-fixture.js";

/** Key, signed hash, then the partition of 3, 4, 11, 15 and 32, as computed by `@azure/event-hubs` 6.0.4. */
const golden: readonly (readonly [string, number, number, number, number, number, number])[] = [
  ["", 0, 0, 0, 0, 0, 0],
  ["a", -16220, 2, 0, 6, 5, 28],
  ["ab", 2093, 2, 1, 3, 8, 13],
  ["abc", -14161, 1, 1, 4, 1, 17],
  ["abcd", 23398, 1, 2, 1, 13, 6],
  ["abcde", 27137, 2, 1, 0, 2, 1],
  ["abcdef", 28810, 1, 2, 1, 10, 10],
  ["abcdefg", -14024, 2, 0, 10, 14, 8],
  ["abcdefgh", 22170, 0, 2, 5, 0, 26],
  ["abcdefghi", -2485, 1, 1, 10, 10, 21],
  ["abcdefghij", -5137, 1, 1, 0, 7, 17],
  ["abcdefghijk", -2676, 0, 0, 3, 6, 20],
  ["abcdefghijkl", -2373, 0, 1, 8, 3, 5],
  ["abcdefghijklm", -31855, 1, 3, 10, 10, 15],
  ["alphabet", -23478, 0, 2, 4, 3, 22],
  ["TheBestParitionEver", -29062, 1, 2, 0, 7, 6],
  ["TheWorstParitionEver", -29251, 1, 3, 2, 1, 3],
  ["536365", 10170, 0, 2, 6, 0, 26],
  ["14a8e1d0-6f0b-4a53-9cf1-5e1f6f3a8c11", 13298, 2, 2, 10, 8, 18],
  ["größe", 14391, 0, 3, 3, 6, 23],
  ["注文-42", 26629, 1, 1, 9, 4, 5],
  ["😀", -17126, 2, 2, 10, 11, 6],
  [
    "a much longer partition key, of several blocks of twelve bytes, to exercise the loop",
    13645,
    1,
    1,
    5,
    10,
    13,
  ],
];

describe("publishing", () => {
  it("EH-2: the same partition key goes to the same partition, always", () => {
    const { engine } = salesHub({ partitions: 8 });
    const partitions = Array.from({ length: 5 }, () => {
      engine.publish("sales", [event("filler")]);
      return engine.publish("sales", [event("a")], { partitionKey: "536365" }).partitionId;
    });
    expect(new Set(partitions).size).toBe(1);
  });

  it.each(golden)("EH-3: the key %j hashes as Microsoft's client does", (key, hash, ...partitions) => {
    expect(hashPartitionKey(key)).toBe(hash);
    expect([3, 4, 11, 15, 32].map((count) => partitionOfKey(key, count))).toEqual(partitions);
    const { engine } = salesHub({ partitions: 11 });
    expect(engine.publish("sales", [event("a")], { partitionKey: key }).partitionId).toBe(
      String(partitions[2]),
    );
  });

  it("EH-4: batches without a key go round the partitions", () => {
    const { engine } = salesHub({ partitions: 3 });
    const partitions = Array.from(
      { length: 7 },
      () => engine.publish("sales", [event("a"), event("b")]).partitionId,
    );
    expect(partitions).toEqual(["0", "1", "2", "0", "1", "2", "0"]);
  });

  it("EH-5: key and id together are refused", () => {
    const { engine } = salesHub();
    const both = { partitionId: "1", partitionKey: "k" };
    expect(() => engine.publish("sales", [event("a")], both)).toThrow(
      refusal(
        "com.microsoft:argument-error",
        "The partitionId (1) and partitionKey (k) cannot both be specified.",
      ),
    );
    expect(() =>
      engine.publish("sales", [{ ...event("a"), partitionKey: "k" }], { partitionId: "1" }),
    ).toThrow(refusal("com.microsoft:argument-error"));
  });

  it.each(["2", "-1", "01", "x", "", "1.0", "constructor"])(
    "EH-6: the partition id %j is refused",
    (partitionId) => {
      const { engine, read } = salesHub({ partitions: 2 });
      const expected = refusal(
        "com.microsoft:argument-out-of-range",
        "It should be between 0 and 1.\nParameter name: PartitionId",
      );
      expect(() => engine.publish("sales", [event("a")], { partitionId })).toThrow(expected);
      expect(() => read(earliest, { partitionId })).toThrow(expected);
      expect(() => engine.partitionProperties("sales", partitionId)).toThrow(expected);
      expect(() => engine.openPublisher("sales", { partitionId })).toThrow(expected);
    },
  );

  it("EH-7: order inside a partition equals acceptance order", () => {
    const { send, read } = salesHub();
    send("0", "a", "b");
    send("0", "c");
    send("0", "d", "e");
    expect(texts(read())).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("EH-8: partitions do not order each other: each counts and is read by itself", () => {
    const { send, read } = salesHub();
    send("1", "first");
    send("0", "second");
    const [zero, one] = [read(), read(earliest, { partitionId: "1" })];
    expect(texts(zero)).toEqual(["second"]);
    expect(one.take(1)[0]).toMatchObject({ sequenceNumber: 0, partitionId: "1" });
  });

  it("EH-9: sequence numbers rise by one per partition", () => {
    const { engine, send, read } = salesHub();
    send("0", "a", "b");
    expect(engine.publish("sales", [event("c"), event("d")], { partitionId: "0" })).toEqual({
      partitionId: "0",
      firstSequenceNumber: 2,
      count: 2,
    });
    expect(
      read()
        .take(9)
        .map(({ sequenceNumber }) => sequenceNumber),
    ).toEqual([0, 1, 2, 3]);
  });

  it("EH-10: the offset is a string that rises within a partition", () => {
    const { send, read } = salesHub();
    send("0", "", "a", "bb");
    const offsets = read()
      .take(9)
      .map(({ offset }) => offset);
    expect(offsets.every((offset) => typeof offset === "string")).toBe(true);
    const numbers = offsets.map(BigInt);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => (a < b ? -1 : 1)));
  });

  it("EH-11: the enqueued time is stamped by the service", () => {
    const { engine, send, read } = salesHub();
    engine.advanceTo(startMs + 77);
    send("0", "a");
    expect(read().take(1)[0]?.enqueuedTimeMs).toBe(startMs + 77);
  });

  it.each([
    ["Standard", 1_048_576],
    ["Basic", 262_144],
  ])("EH-21: a batch above the limit of %s is refused whole", (_, maxBatchBytes) => {
    const { engine, read } = salesHub({ maxBatchBytes });
    const half = { body: new Uint8Array(maxBatchBytes / 2) };
    engine.publish("sales", [half, half], { partitionId: "0" });
    const extra = { body: new Uint8Array(), applicationProperties: { é: 1 } };
    expect(() => engine.publish("sales", [half, half, extra], { partitionId: "0" })).toThrow(
      refusal(
        "amqp:link:message-size-exceeded",
        `size:${String(maxBatchBytes + 10)} bytes) exceeds the limit`,
      ),
    );
    expect(read().take(9)).toHaveLength(2);
  });

  it("EH-21: texts count as UTF-8, exactly near the limit", () => {
    const { engine } = salesHub({ maxBatchBytes: 100 });
    const ascii = { body: new Uint8Array(40), subject: "s".repeat(60) };
    expect(engine.publish("sales", [ascii]).count).toBe(1);
    expect(() => engine.publish("sales", [{ ...ascii, subject: "é".repeat(31) }])).toThrow(
      refusal("amqp:link:message-size-exceeded"),
    );
    const properties = { t: "x".repeat(50), b: new Uint8Array(41), n: 1 };
    expect(() =>
      engine.publish("sales", [{ body: new Uint8Array(), applicationProperties: properties }]),
    ).toThrow(refusal("amqp:link:message-size-exceeded", "size:102 "));
  });

  it("EH-22: a batch has one key", () => {
    const { engine, read } = salesHub({ partitions: 1 });
    const keyed = (partitionKey: string) => ({ ...event(partitionKey), partitionKey });
    expect(() => engine.publish("sales", [keyed("a"), keyed("b")])).toThrow(
      refusal("com.microsoft:argument-error"),
    );
    expect(() => engine.publish("sales", [keyed("a"), event("none")])).toThrow(
      refusal("com.microsoft:argument-error"),
    );
    expect(() => engine.publish("sales", [event("none"), keyed("a")])).toThrow(
      refusal("com.microsoft:argument-error"),
    );
    expect(() => engine.publish("sales", [])).toThrow(refusal("com.microsoft:argument-error"));
    engine.publish("sales", [keyed("a"), keyed("a")]);
    engine.publish("sales", [keyed("b"), event("none")], { partitionKey: "b" });
    engine.publish("sales", [event("none")]);
    expect(
      read()
        .take(9)
        .map(({ partitionKey }) => partitionKey),
    ).toEqual(["a", "a", "b", "b", undefined]);
  });
});

describe("idempotent publishing", () => {
  it("numbers batches from the one after the starting number, and stores a repetition once", () => {
    const { engine, read } = salesHub();
    const publisher = engine.openPublisher("sales", { partitionId: "0" });
    expect(publisher.properties).toEqual({
      producerGroupId: 1,
      ownerLevel: 0,
      lastPublishedSequenceNumber: 0,
    });
    const receipt = publisher.publish(["a", "b", "c", "d", "e"].map(event), 1);
    expect(publisher.properties.lastPublishedSequenceNumber).toBe(5);
    expect(publisher.publish(["a", "b", "c", "d", "e"].map(event), 1)).toBe(receipt);
    publisher.publish([event("f")], 6);
    expect(texts(read())).toEqual(["a", "b", "c", "d", "e", "f"]);
  });

  it.each([0, 2, 7, -1])("refuses the wrong next number %i", (first) => {
    const { engine, read } = salesHub();
    const publisher = engine.openPublisher("sales", { partitionId: "0" });
    expect(() => publisher.publish([event("a")], first)).toThrow(
      refusal("com.microsoft:out-of-order-sequence"),
    );
    expect(read().take(1)).toEqual([]);
    publisher.publish([event("a")], 1);
  });

  it("refuses a repetition of another size, and counts nothing for a refused batch", () => {
    const { engine } = salesHub({ maxBatchBytes: 10 });
    const publisher = engine.openPublisher("sales", { partitionId: "0" });
    publisher.publish([event("a")], 1);
    expect(() => publisher.publish([event("a"), event("b")], 1)).toThrow(
      refusal("com.microsoft:out-of-order-sequence"),
    );
    expect(() => publisher.publish([event("x".repeat(11))], 2)).toThrow(
      refusal("amqp:link:message-size-exceeded"),
    );
    publisher.publish([event("b")], 2);
  });

  it("goes on where the group was when it attaches again, and from 0 after the last 32-bit number", () => {
    const { engine } = salesHub();
    const last = 2_147_483_647;
    const first = engine.openPublisher("sales", {
      partitionId: "0",
      producerGroupId: 9,
      startingSequenceNumber: last - 1,
    });
    first.publish([event("a"), event("b")], last);
    first.close();
    expect(() => first.publish([event("c")], 1)).toThrow(refusal("amqp:not-allowed"));
    const second = engine.openPublisher("sales", {
      partitionId: "0",
      producerGroupId: 9,
      startingSequenceNumber: 5,
    });
    expect(second.properties.lastPublishedSequenceNumber).toBe(0);
    second.publish([event("c")], 1);
  });

  it("lets a higher or equal level take over, which disconnects the one before, and refuses a lower one", () => {
    const { engine } = salesHub();
    const attach = (ownerLevel: number) =>
      engine.openPublisher("sales", {
        partitionId: "0",
        producerGroupId: 3,
        ownerLevel,
        startingSequenceNumber: 4,
      });
    const stolen = refusal("com.microsoft:producer-epoch-stolen");
    const first = attach(1);
    const firstErrors = detachments(first);
    const second = attach(1);
    expect(firstErrors).toEqual([stolen]);
    expect(() => first.publish([event("a")], 5)).toThrow(stolen);
    expect(() => attach(0)).toThrow(stolen);
    second.publish([event("a")], 5);
    const third = attach(2);
    expect(detachments(second)).toEqual([stolen]);
    expect(third.properties).toEqual({ producerGroupId: 3, ownerLevel: 2, lastPublishedSequenceNumber: 4 });
  });

  it.each([
    { ownerLevel: -1 },
    { ownerLevel: 32_768 },
    { startingSequenceNumber: -1 },
    { startingSequenceNumber: 0.5 },
  ])("refuses %o", (options) => {
    const { engine } = salesHub();
    expect(() => engine.openPublisher("sales", { partitionId: "0", ...options })).toThrow(
      refusal("com.microsoft:argument-out-of-range"),
    );
  });

  it("gives producers without an identity different ones", () => {
    const { engine } = salesHub();
    const ids = [2, undefined, undefined].map((producerGroupId) => {
      const options = producerGroupId === undefined ? {} : { producerGroupId };
      return engine.openPublisher("sales", { partitionId: "0", ...options }).properties.producerGroupId;
    });
    expect(new Set(ids).size).toBe(3);
  });
});
