import { anyKind, behavioursOf, brokeredKinds, type Behaviour } from "./behaviour.js";
import { check, present, same } from "./check.js";
import { accepted, type Kit } from "./kit.js";
import type { Conduit } from "./conduit.js";
import { stocked, transient } from "./stocked.js";
import { readsLike, type Work, type Worker } from "./worker.js";

const { core, transport } = behavioursOf("J");
const lettered = { kinds: anyKind, gates: ["deadLetter"] } as const;

/** The dead letters of a worker, as an application sees them. */
const lettersOf = (kit: Kit, worker: Worker, { channel }: Conduit) =>
  kit.time.finish(worker.app.deadLetters(channel).peek());

const deadLetters = (worker: Worker): number =>
  worker.events.filter(({ event }) => event === "deadLettered").length;

export const burying: readonly Behaviour[] = [
  transport(98, "dead-letter-moves-with-reason+description", lettered, async (kit) => {
    const { conduit, line, reader } = await stocked(kit, 1);
    const delivery = await reader.one();
    const at = "2026-01-02T03:04:05.000Z";
    const more = {
      reason: "SchemaInvalid",
      description: "no such field",
      errorName: "TypeError",
      at,
    } as const;
    same(await reader.deadLetter(delivery, more), undefined, "dead-lettering");
    const letters = await line.deadLetters(conduit);
    const [letter] = letters;
    const record = present(letter, "a dead letter").record;
    same(
      [letters.length, record.reason, record.description, record.errorName, record.at],
      [1, ...Object.values(more)],
      "the dead letter",
    );
    same(await reader.take(10, 500), [], "what is left beside the dead letter");
  }),

  transport(
    99,
    "max-deliveries → DLQ natively",
    { kinds: brokeredKinds, gates: ["deliveryCount", "deadLetter"] },
    async (kit) => {
      const { conduit, line, reader } = await stocked(kit, 1, { maxDeliveries: 3 });
      for (let n = 0; n < 3; n += 1) await reader.abandon(await reader.one());
      same(await reader.take(10, 500), [], "deliveries beyond the broker's limit");
      const letters = await line.deadLetters(conduit);
      same(
        letters.map(({ record }) => record.reason),
        ["BrokerMaxDelivery"],
        "the broker's own dead letter",
      );
    },
  ),

  transport(100, "dlq-message-keeps-id, body bytes, headers, content-type, key", lettered, async (kit) => {
    const { conduit, line, reader } = await stocked(kit, 0);
    const sent = kit.envelope(1, {
      headers: { shop: "north", count: 3 },
      body:
        kit.kind === "notifications" ? Buffer.from('{"n":1,"é":"\\u00e9"}') : Buffer.from([0, 255, 1, 254]),
      contentType: kit.kind === "notifications" ? "application/json" : "application/octet-stream",
      correlationId: "c",
    });
    accepted(await line.send(conduit, sent));
    await reader.deadLetter(await reader.one());
    const [letter] = await line.deadLetters(conduit);
    const { envelope } = present(letter, "a dead letter");
    const { id, key, contentType, correlationId, type, version } = envelope;
    same(
      {
        id,
        key,
        contentType,
        correlationId,
        type,
        version,
        body: [...envelope.body],
        headers: { ...envelope.headers },
      },
      {
        id: sent.id,
        key: sent.key,
        contentType: sent.contentType,
        correlationId: "c",
        type: sent.type,
        version: 1,
        body: [...sent.body],
        headers: { ...sent.headers },
      },
      "what the dead letter kept",
    );
  }),

  core(
    101,
    "metadata-within-size-limit, truncated with marker; huge stack does not fail the move",
    lettered,
    async (kit) => {
      const conduit = kit.conduit();
      const work: Work = {
        reads: conduit,
        sends: [conduit],
        handler: () => {
          const error = new Error(`huge ${"m".repeat(100_000)}`);
          error.stack = `Error: huge\n${"    at somewhere (file.ts:1:1)\n".repeat(20_000)}`;
          throw error;
        },
        options: { retry: { attempts: 1 } },
      };
      const worker = await kit.work(work);
      await worker.send(conduit, { n: 1 });
      await kit.time.until(
        () => deadLetters(worker) === 1,
        "a huge error does not keep its message from the dead letters",
      );
      const line = await kit.connect([], [readsLike(work, conduit)]);
      const [letter] = await line.deadLetters(conduit, "worker");
      const { record } = present(letter, "a dead letter");
      const bytes = Buffer.byteLength(JSON.stringify(record));
      check(bytes <= 16 * 1024, `the record is bounded (${String(bytes)} bytes)`);
      check(/cut|…/.test(`${record.description}${record.errorStack ?? ""}`), "what was cut says so");
      check(record.description.startsWith("huge"), "the begin of the error is kept");
    },
  ),

  core(102, "dlq-target-missing-or-down → original not lost, cool-down", lettered, async (kit) => {
    const conduit = kit.conduit();
    let runs = 0;
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit],
      handler: () => {
        runs += 1;
        throw new Error("never works");
      },
      options: { retry: { attempts: 1 } },
    });
    worker.line.fail("settle", { error: transient(), times: 3 });
    await worker.send(conduit, { n: 1 });
    await kit.time.pass(4_000);
    const tried = worker.line.log.filter((step) => step.startsWith("settle")).length;
    check(tried <= 4, `a dead-letter queue that is down is not hammered (${String(tried)} tries in 4 s)`);
    await kit.time.until(
      () => deadLetters(worker) === 1,
      "the message reaches the dead letters in the end",
      600_000,
    );
    same((await lettersOf(kit, worker, conduit)).length, 1, "dead letters");
    check(
      runs <= 4,
      `a message that waits for its dead-letter queue is not run on and on (${String(runs)} runs)`,
    );
  }),

  core(103, "dlq-publish-uses-own-deadline", lettered, async (kit) => {
    const conduit = kit.conduit();
    const gate = kit.gate();
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit],
      handler: (_message, context) => gate.wait(context.signal),
      options: { maxLockRenewal: "2s", retry: { attempts: 1, immediate: 0 } },
    });
    await worker.send(conduit, { n: 1 });
    await kit.time.until(
      () => deadLetters(worker) === 1,
      "a handler that used up all its time is dead-lettered all the same",
    );
    const [letter] = await lettersOf(kit, worker, conduit);
    same(letter?.reason, "MaxAttempts", "its reason");
  }),

  core(104, "undecodable-goes-to-DLQ-without-retry", lettered, async (kit) => {
    const conduit = kit.conduit();
    let runs = 0;
    const worker = await kit.work({ reads: conduit, handler: () => void (runs += 1) });
    const line = await kit.connect([conduit], []);
    accepted(
      await line.send(
        conduit,
        kit.envelope(1, { body: Buffer.from("{not json"), contentType: "text/plain" }),
      ),
    );
    await kit.time.until(() => deadLetters(worker) === 1, "what cannot be read is dead-lettered");
    const [letter] = await lettersOf(kit, worker, conduit);
    same(
      [letter?.reason, letter?.attempts, runs],
      ["Undecodable", 0, 0],
      "reason, attempts and handler runs",
    );
  }),

  core(105, "unknown-contract → no-handler reason", lettered, async (kit) => {
    const conduit = kit.conduit();
    const seen: number[] = [];
    const worker = await kit.work({ reads: conduit, handler: ({ data }) => void seen.push(data.n) });
    const line = await kit.connect([conduit], []);
    accepted(await line.send(conduit, kit.envelope(1, { type: "conformance.unheard-of" }), kit.envelope(2)));
    await kit.time.until(() => seen.length === 1, "the message behind it is handled");
    if (kit.kind === "topic" || kit.kind === "notifications") {
      // Its filter keeps away what a consumer does not handle.
      await kit.time.pass(1_000);
      const delivered = worker.events.filter(({ event }) => event === "delivered").length;
      same(
        [delivered, deadLetters(worker)],
        [1, 0],
        "deliveries, and dead letters of what the filter kept away",
      );
      return;
    }
    await kit.time.until(
      () => deadLetters(worker) === 1 && seen.length === 1,
      "a type that nobody handles is dead-lettered",
    );
    const [letter] = await lettersOf(kit, worker, conduit);
    same(
      [letter?.reason, letter?.messageType, seen],
      ["UnknownMessageType", "conformance.unheard-of", [2]],
      "the dead letter, and what was handled",
    );
  }),

  transport(
    109,
    "native-dlq-fields-map-to-canonical",
    { kinds: brokeredKinds, gates: ["deliveryCount", "deadLetter"] },
    async (kit) => {
      const { conduit, line, reader } = await stocked(kit, 1, { maxDeliveries: 2 });
      for (let n = 0; n < 2; n += 1) await reader.abandon(await reader.one());
      const [letter] = await line.deadLetters(conduit);
      const { record } = present(letter, "the broker's own dead letter");
      same([record.reason, record.deliveryCount], ["BrokerMaxDelivery", 2], "reason and deliveries");
      check(
        record.description !== "" && record.from.includes(conduit.name),
        "the record says why, and where from",
      );
    },
  ),

  transport(
    110,
    "dlq-of-deferred-message-works",
    { kinds: brokeredKinds, gates: ["defer", "deadLetter"] },
    async (kit) => {
      const { conduit, line, reader } = await stocked(kit, 1);
      const delivery = await reader.one();
      same(await reader.settle(delivery, { kind: "defer" }), undefined, "deferring");
      same(await reader.take(10, 500), [], "what is delivered of the deferred");
      const number = present(delivery.broker.sequenceNumber, "a deferred message has a number");
      const [fetched] = (await reader.receiver.receiveDeferred?.([number])) ?? [];
      same(
        await reader.deadLetter(present(fetched, "the deferred message is fetched")),
        undefined,
        "dead-lettering it",
      );
      same((await line.deadLetters(conduit)).length, 1, "dead letters");
      same(
        (await reader.receiver.receiveDeferred?.([number]))?.length,
        0,
        "what is left of the deferred message",
      );
    },
  ),

  transport(111, "dlq-entry-does-not-expire-by-default", lettered, async (kit) => {
    const { conduit, line, reader } = await stocked(kit, 0);
    accepted(await line.send(conduit, kit.envelope(1, { ttlMs: 5_000 })));
    await reader.deadLetter(await reader.one());
    await kit.time.pass(20_000);
    same(
      (await line.deadLetters(conduit)).length,
      1,
      "dead letters long after the message would have expired",
    );
  }),
];
