import { WaybillError } from "../../errors.js";
import type { SendResult } from "../../transport/transport.js";
import { behavioursOf, type Behaviour } from "./behaviour.js";
import { check, present, refused, same, sameSet, typed } from "./check.js";
import { accepted } from "./kit.js";
import { numbersOf } from "./reader.js";

const { core, transport } = behavioursOf("B");

/** A body of about so many bytes: text that does not compress away. */
const bodyOf = (n: number, bytes: number): Uint8Array =>
  Buffer.from(JSON.stringify({ n, text: "x".repeat(bytes) }));

/** How each message of a batch fared. */
const marks = (results: readonly SendResult[]): string => results.map(({ ok }) => (ok ? "+" : "-")).join("");

export const sending: readonly Behaviour[] = [
  transport(13, "send-receive-roundtrip", {}, async (kit) => {
    const conduit = kit.conduit();
    const line = await kit.connect([conduit], [conduit]);
    const sent = kit.envelope(1, { headers: { shop: "north" }, correlationId: "c-1" });
    accepted(await line.send(conduit, sent));
    const reader = line.reader(conduit);
    const { envelope } = await reader.one();
    const { id, source, type, version, key, contentType, correlationId } = envelope;
    same(
      { id, source, type, version, key, contentType, correlationId, headers: { ...envelope.headers } },
      {
        id: sent.id,
        source: sent.source,
        type: sent.type,
        version: 1,
        key: sent.key,
        contentType: sent.contentType,
        correlationId: "c-1",
        headers: { ...sent.headers },
      },
      "the envelope that came",
    );
    same(Buffer.from(envelope.body), Buffer.from(sent.body), "the body that came");
    same(await reader.take(10, 500), [], "copies beside the one message");
  }),

  transport(14, "send-many-all-received", {}, async (kit) => {
    const conduit = kit.conduit();
    const line = await kit.connect([conduit], [conduit]);
    const publishers = 50;
    const each = Math.ceil(kit.many / publishers);
    const results = await Promise.all(
      Array.from({ length: publishers }, (_, publisher) =>
        line.send(conduit, ...Array.from({ length: each }, (__, at) => kit.envelope(publisher * each + at))),
      ),
    );
    accepted(results.flat());
    const got = numbersOf(await line.reader(conduit).drain(publishers * each));
    same(new Set(got).size, publishers * each, "different messages that came");
    same(got.length, publishers * each, "messages that came");
  }),

  core(15, "concurrent-senders-no-loss-no-throw", {}, async (kit) => {
    const conduit = kit.conduit();
    const seen: number[] = [];
    await kit.work({ reads: conduit, handler: ({ data }) => void seen.push(data.n) });
    const senders = [await kit.sender(conduit), await kit.sender(conduit), await kit.sender(conduit)];
    const numbers = Array.from({ length: 60 }, (_, n) => n);
    await Promise.all(numbers.map(async (n) => senders[n % 3]?.send(conduit, { n })));
    await kit.time.until(
      () => seen.length >= numbers.length,
      "everything that was sent side by side is handled",
    );
    sameSet(seen, numbers, "what was handled");
  }),

  core(16, "send-resolves-only-after-broker-accepts", {}, async (kit) => {
    const conduit = kit.conduit();
    const line = await kit.connect([conduit], [conduit]);
    const reader = line.reader(conduit);
    const worker = await kit.sender(conduit);
    const letGo = worker.line.holdSends();
    let resolved = false;
    const sent = worker.app.send(conduit.thing, { n: 1 }).then(() => (resolved = true));
    // The send keeps a virtual clock from moving, so only the event loop goes on here.
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    check(!resolved, "a send does not resolve before the broker has the message");
    letGo();
    await kit.time.finish(sent);
    same(numbersOf([await reader.one()]), [1], "what the broker has when the send resolved");
  }),

  transport(17, "batch-send-splits-by-count-and-bytes", {}, async (kit) => {
    const conduit = kit.conduit();
    const line = await kit.connect([conduit], [conduit]);
    const largeBytes = Math.min(60_000, Math.floor(kit.capabilities.maxMessageBytes / 2));
    const large = kit.envelopes(40, (n) => ({ body: bodyOf(n, largeBytes), key: "one" }));
    accepted(await line.send(conduit, ...large));
    const reader = line.reader(conduit, "reader", { perLane: 32 });
    same(
      numbersOf(await reader.drain(40)),
      numbersOf(large.map((envelope) => ({ envelope }))),
      "a batch that was split by bytes",
    );
    const many = kit.envelopes(kit.many);
    const results = await line.send(conduit, ...many);
    accepted(results);
    same(results.length, many.length, "results of a batch that was split by count");
    same(
      (await reader.drain(many.length)).length,
      many.length,
      "messages of a batch that was split by count",
    );
  }),

  transport(18, "batch-send-reports-per-message-outcome", {}, async (kit) => {
    const conduit = kit.conduit();
    const line = await kit.connect([conduit], [conduit]);
    const { maxMessageBytes } = kit.capabilities;
    const batch = kit.envelopes(10, (n) => (n === 5 ? { body: bodyOf(n, maxMessageBytes * 5) } : {}));
    const results = await line.send(conduit, ...batch);
    same(marks(results), "++++-+++++", "the outcomes of ten messages, the fifth of which is refused");
    const refusedOne = results[4];
    check(refusedOne?.ok === false, "the fifth is refused");
    typed(refusedOne.error, { codes: ["tooLarge"] }, "the fifth message");
    const got = await line.reader(conduit).drain(10, 1_000);
    sameSet(numbersOf(got), [1, 2, 3, 4, 6, 7, 8, 9, 10], "the nine that were accepted");
  }),

  core(19, "oversize-message-rejects(tooLarge) others unaffected", {}, async (kit) => {
    const conduit = kit.conduit();
    const seen: number[] = [];
    await kit.work({ reads: conduit, handler: ({ data }) => void seen.push(data.n) });
    const sender = await kit.sender(conduit);
    const tooLarge = { n: 2, text: "x".repeat(kit.capabilities.maxMessageBytes + 1) };
    await sender.send(conduit, { n: 1 });
    await refused(
      () => sender.send(conduit, tooLarge),
      { codes: ["tooLarge"], class: "permanent" },
      "a message over the limit",
    );
    const outcomes = await kit.time.finish(
      sender.app.sendMany(conduit.thing, [{ n: 3 }, { ...tooLarge, n: 4 }, { n: 5 }], () => ({
        headers: { run: kit.run },
      })),
    );
    same(
      outcomes.map(({ ok }) => ok),
      [true, false, true],
      "the outcomes beside an oversize message",
    );
    await kit.time.until(() => seen.length >= 3, "the others are handled");
    sameSet(seen, [1, 3, 5], "what was handled");
  }),

  core(20, "batch-max-age-not-debounce", { kinds: ["queue", "stream"] }, async (kit) => {
    const conduit = kit.conduit({ partitions: 1 });
    const batches: { readonly size: number; readonly atMs: number }[] = [];
    const { runtime } = kit.time;
    await kit.work({
      reads: conduit,
      batchHandler: (messages) => void batches.push({ size: messages.length, atMs: runtime.elapsed() }),
      options: { maxBatch: 100, maxWait: "1s", concurrency: 1 },
    });
    const sender = await kit.sender(conduit);
    const startedMs = runtime.elapsed();
    for (let n = 0; n < 24; n += 1) {
      await sender.send(conduit, { n, key: "one" });
      await kit.time.pass(125);
    }
    const first = present(batches[0], "a steady stream of messages does not hold back its batch");
    // On a machine's own clock sends and receives take their time, too; a debounced batch would wait for the last one.
    const limitMs = kit.time.virtual ? 1_500 : 24 * 125;
    check(
      first.atMs - startedMs <= limitMs,
      `a batch is handed over after its longest wait (${String(first.atMs - startedMs)} ms)`,
    );
    check(first.size > 1, "a batch collects");
    await kit.time.until(() => batches.reduce((sum, { size }) => sum + size, 0) === 24, "all batches come");
  }),

  core(21, "empty-batch-is-noop", {}, async (kit) => {
    const conduit = kit.conduit();
    const line = await kit.connect([conduit], [conduit]);
    same(await line.send(conduit), [], "the results of no messages");
    const sender = await kit.sender(conduit);
    same(await kit.time.finish(sender.app.sendMany(conduit.thing, [])), [], "the outcomes of no messages");
    same(await line.reader(conduit).take(10, 500), [], "what no messages left behind");
    same(await line.reader(conduit, "reader").receiver.settle([]), [], "settling nothing");
  }),

  core(22, "cancelled-signal-before-send-sends-nothing", {}, async (kit) => {
    const [conduit, out] = [kit.conduit(), kit.conduit()];
    const line = await kit.connect([out], [out]);
    let late: (() => Promise<unknown>) | undefined;
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit, out],
      handler: (_message, context) => {
        late = () => context.send(out.thing, { n: 9 }, { headers: { run: kit.run } });
      },
    });
    await worker.send(conduit, { n: 1 });
    await kit.time.until(() => late !== undefined, "the message is handled");
    await kit.time.settle();
    await refused(
      present(late, "a context"),
      { codes: ["contextEnded"] },
      "a send after the handler has ended",
    );
    await worker.stop();
    await refused(
      async () => worker.app.send(out.thing, { n: 2 }),
      { codes: ["closed"], class: "cancelled" },
      "a send after the stop",
    );
    same(await line.reader(out).take(10, 500), [], "what the cancelled sends left behind");
  }),

  core(23, "cancel-mid-send-never-double-sends-on-retry", {}, async (kit) => {
    const conduit = kit.conduit();
    const seen: string[] = [];
    await kit.work({
      reads: conduit,
      handler: ({ id }) => void seen.push(id),
      options: { idempotent: true },
      idempotency: kit.idempotency(),
    });
    const sender = await kit.sender(conduit);
    const error = new WaybillError("ambiguousSend", "the connection broke before the answer");
    sender.line.fail("send", { error, afterEffect: true });
    const id = `${kit.run}-same`;
    await refused(
      () => sender.send(conduit, { n: 1 }, { id }),
      { class: "ambiguous" },
      "a send whose answer is lost",
    );
    same(await sender.send(conduit, { n: 1 }, { id }), { id }, "the repeated send");
    await kit.time.pass(2_000);
    same(seen, [id], "handler runs of the message that was sent twice with one id");
  }),

  core(24, "driver-does-not-retry-internally", {}, async (kit) => {
    const [conduit, missing] = [kit.conduit(), kit.conduit()];
    const line = await kit.connect([conduit], [conduit]);
    const beforeMs = kit.time.runtime.elapsed();
    const [result] = await line.send(missing, kit.envelope(1));
    check(result?.ok === false, "a send that cannot succeed is refused");
    check(kit.time.runtime.elapsed() - beforeMs < 5_000, "a refused send is told at once, not after retries");
    const sender = await kit.sender(conduit);
    sender.line.fail("send", { error: new WaybillError("transportFailed", "no") });
    const id = `${kit.run}-once`;
    await refused(() => sender.send(conduit, { n: 1 }, { id }), { class: "transient" }, "a send that fails");
    same(sender.line.log, [`send ${conduit.name} ${id}`], "attempts of one call");
  }),

  core(25, "sends-in-handler-flush-before-settle", {}, async (kit) => {
    const [conduit, out] = [kit.conduit(), kit.conduit()];
    const line = await kit.connect([out], [out]);
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit, out],
      handler: async ({ data }, context) => {
        await context.send(out.thing, data, { headers: { run: kit.run } });
        if (data.n === 2) throw new Error("this one fails");
      },
      options: { retry: { attempts: 1 } },
    });
    const [first, second] = [await worker.send(conduit, { n: 1 }), await worker.send(conduit, { n: 2 })];
    const settled = (id: string): number =>
      worker.line.log.findIndex((step) => step.startsWith(`settle ${conduit.name} ${id} `));
    await kit.time.until(
      () => settled(first.id) >= 0 && settled(second.id) >= 0,
      "both messages are settled",
    );
    const { log } = worker.line;
    const flushed = log.findIndex((step) => step.startsWith(`send ${out.name} `));
    check(
      flushed >= 0 && flushed < settled(first.id),
      "what a handler sends leaves before its message is settled",
    );
    same(
      numbersOf(await line.reader(out).drain(10, 1_000)),
      [1],
      "what was sent: nothing of the handler that failed",
    );
  }),

  core(26, "immediate-dispatch-emitted-even-if-handler-fails", {}, async (kit) => {
    const [conduit, out] = [kit.conduit(), kit.conduit()];
    const line = await kit.connect([out], [out]);
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit, out],
      handler: async ({ data }, context) => {
        await context.sendNow(out.thing, data, { headers: { run: kit.run } });
        throw new Error("it fails after all");
      },
      options: { retry: { attempts: 1 } },
    });
    await worker.send(conduit, { n: 1 });
    same(
      numbersOf([await line.reader(out).one(5_000)]),
      [1],
      "what sendNow sent although the handler failed",
    );
  }),
];
