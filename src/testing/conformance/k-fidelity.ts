import type { Envelope } from "../../message/envelope.js";
import { behavioursOf, type Behaviour } from "./behaviour.js";
import { check, present, refused, same, typed } from "./check.js";
import { accepted, type Kit } from "./kit.js";
import { stocked } from "./stocked.js";

const { core, transport } = behavioursOf("K");

/** Sends an envelope through and gives what came. */
async function through(kit: Kit, more: Partial<Envelope>): Promise<{ sent: Envelope; came: Envelope }> {
  const { conduit, line, reader } = await stocked(kit, 0);
  const sent = kit.envelope(1, more);
  accepted(await line.send(conduit, sent));
  return { sent, came: (await reader.one()).envelope };
}

const weird = {
  "x-shop": "north",
  snow_man: "☃ – ünï",
  "with space": "a b",
  emoji: "😀",
  empty: "",
  quotes: `"quoted" 'text'`,
  long: "v".repeat(2_000),
};

export const fidelity: readonly Behaviour[] = [
  transport(112, "binary-body-byte-exact (non-UTF8, empty, 0-byte)", {}, async (kit) => {
    const bodies = [
      Buffer.from([]),
      Buffer.from([0]),
      Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
      Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0x00, 0x0a, 0x0d]),
    ];
    const { conduit, line, reader } = await stocked(kit, 0);
    for (const body of bodies) {
      accepted(await line.send(conduit, kit.envelope(1, { body, contentType: "application/octet-stream" })));
      const delivery = await reader.one();
      same([...delivery.envelope.body], [...body], `a body of ${String(body.length)} bytes`);
      await reader.complete(delivery);
    }
  }),

  core(113, "unicode-and-weird-header-keys/values", {}, async (kit) => {
    const { came } = await through(kit, { headers: weird });
    const { run: _run, ...headers } = { ...came.headers };
    same(headers, weird, "headers with odd names and values");
    const conduit = kit.conduit();
    const sender = await kit.sender(conduit);
    for (const name of ["wbattempt", "cloudEvents_id", "prototype", "", "n".repeat(200)]) {
      const headers = Object.fromEntries([[name, "x"]]);
      await refused(
        () => sender.send(conduit, { n: 1 }, { headers }),
        { codes: ["invalidMessage"] },
        `a header named ${name}`,
      );
    }
  }),

  core(114, "null/undefined header value tolerated", {}, async (kit) => {
    const conduit = kit.conduit();
    const seen: number[] = [];
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit],
      handler: ({ data }) => void seen.push(data.n),
    });
    for (const value of [null, undefined]) {
      // Either left out or refused by name; what matters is that nothing breaks.
      await worker.send(conduit, { n: 1 }, { headers: { odd: value } }).catch((error: unknown) => {
        typed(error, { codes: ["invalidMessage"] }, `a header that is ${String(value)}`);
      });
    }
    await worker.send(conduit, { n: 2 });
    await kit.time.until(() => seen.includes(2), "the next message is handled");
    if (kit.kind === "notifications") return;
    await kit.world.sendForeign(
      { channel: conduit.spec, address: conduit.name },
      {
        id: "null-property",
        body: Buffer.from('{"n":3}'),
        contentType: "application/json",
        subject: "conformance.thing",
        properties: { cloudEvents_type: "conformance.thing", cloudEvents_wbversion: 1, odd: null },
      },
    );
    await kit.time.until(() => seen.includes(3), "a foreign message with a null property is handled");
  }),

  transport(115, "non-string-property types preserved or declared lossy", {}, async (kit) => {
    const headers = {
      whole: 42,
      negative: -7,
      fraction: 1.5,
      large: 2 ** 40,
      yes: true,
      no: false,
      digits: "42",
    };
    const { came } = await through(kit, { headers });
    const { run: _run, ...got } = { ...came.headers };
    same(got, headers, "numbers, booleans and digits, each with its type");
  }),

  core(116, "message-id preserved; absent → broker/SDK assigns; native id exposed", {}, async (kit) => {
    const conduit = kit.conduit();
    const ids: string[] = [];
    const native: string[] = [];
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit],
      handler: ({ id, broker }) => {
        ids.push(id);
        native.push(broker.messageId);
      },
    });
    const given = await worker.send(conduit, { n: 1 }, { id: `${kit.run}-given` });
    const assigned = await worker.send(conduit, { n: 2 });
    await kit.time.until(() => ids.length === 2, "both are handled");
    same(
      new Set(ids),
      new Set([given.id, assigned.id]),
      "the ids that handlers see are those that the sends gave",
    );
    check(given.id === `${kit.run}-given` && assigned.id.length >= 16, "an id is kept, or made");
    check(
      native.every((id) => typeof id === "string" && id !== ""),
      "the broker's own id is there",
    );
    const foreign = kit.conduit();
    const line = await kit.connect([foreign], [foreign]);
    const { id: _id, ...rest } = kit.envelope(3);
    accepted(await line.send(foreign, { ...rest, id: "set-by-sender" }));
    same((await line.reader(foreign).one()).envelope.id, "set-by-sender", "an id on the transport alone");
  }),

  transport(117, "content-type / correlation / reply-to / ttl / key roundtrip", {}, async (kit) => {
    const more = {
      contentType: "application/json; charset=utf-8",
      correlationId: "conversation-1",
      causationId: "cause-1",
      replyTo: "answers",
      ttlMs: 3_600_000,
      key: "north/1 é",
      time: "2026-01-02T03:04:05.678Z",
      dataSchema: "https://example.com/schemas/thing.json",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      tracestate: "vendor=1",
    };
    const { came } = await through(kit, more);
    same(
      Object.fromEntries(Object.keys(more).map((name) => [name, came[name as keyof typeof more]])),
      more,
      "the fields beside the data",
    );
  }),

  core(118, "source-address exposed", {}, async (kit) => {
    const conduit = kit.conduit();
    const places: string[] = [];
    const sources: string[] = [];
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit],
      handler: ({ source }) => void sources.push(source),
      around: async (run, next) => {
        places.push(`${run.kind} ${run.channel} ${run.service}`);
        await next();
      },
    });
    await worker.send(conduit, { n: 1 });
    await kit.time.until(() => sources.length === 1, "the message is handled");
    same(
      [places, sources],
      [[`${kit.kind} ${conduit.name} worker`], ["worker"]],
      "where a message was read, and who sent it",
    );
    const delivered = worker.events.find(({ event }) => event === "delivered");
    check(delivered?.event === "delivered" && delivered.channel === conduit.name, "events name the channel");
  }),

  transport(119, "native escape hatch available & typed", {}, async (kit) => {
    const { reader } = await stocked(kit, 1);
    const { native } = await reader.one();
    check(kit.world.isNative(kit.kind, native), "the adapter's guard knows the native message");
    check(!kit.world.isNative(kit.kind, { body: "something else" }), "the guard knows no other object");
  }),

  core(120, "handler header mutation does not leak into retry or error copy", {}, async (kit) => {
    const conduit = kit.conduit();
    const seen: unknown[] = [];
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit],
      handler: ({ headers, data }) => {
        seen.push([headers["shop"], data.n]);
        // A handler in plain JavaScript may try anything.
        const open = {
          headers: headers as Record<string, unknown>,
          data: data as unknown as Record<string, unknown>,
        };
        for (const change of [
          () => (open.headers["shop"] = "changed"),
          () => (open.headers["added"] = 1),
          () => (open.data["n"] = 99),
        ]) {
          try {
            change();
          } catch {
            // Frozen is as good as copied.
          }
        }
        throw new Error("again");
      },
      options: { retry: { attempts: 2, backoff: () => 1_000 } },
    });
    await worker.send(conduit, { n: 1 }, { headers: { shop: "north" } });
    await kit.time.until(() => seen.length === 2, "the message is tried twice");
    same(seen[1], ["north", 1], "what the second run sees");
    if (kit.capabilities.receivers[kit.kind]?.deadLetter !== true) return;
    await kit.time.until(() => worker.events.some(({ event }) => event === "deadLettered"), "it is given up");
    const [letter] = await kit.time.finish(worker.app.deadLetters(conduit.channel).peek());
    const { headers, data } = present(letter, "a dead letter");
    same(
      [{ ...headers }, (data as { n: number }).n],
      [{ run: kit.run, shop: "north" }, 1],
      "what the dead letter carries",
    );
  }),

  transport(121, "foreign message (raw SDK producer) is readable", {}, async (kit) => {
    const conduit = kit.conduit();
    const line = await kit.connect([conduit], [conduit]);
    await kit.world.sendForeign(
      { channel: conduit.spec, address: conduit.name },
      {
        id: "foreign-1",
        body: Buffer.from('{"n":7}'),
        contentType: "application/json",
        subject: "their.type",
        key: "their-key",
      },
    );
    const { envelope, defect } = await line.reader(conduit).one();
    same(defect, undefined, "a defect of a plain foreign message");
    same([envelope.id, envelope.contentType], ["foreign-1", "application/json"], "id and content type");
    same(JSON.parse(Buffer.from(envelope.body).toString()), { n: 7 }, "the data");
    same(envelope.type, "their.type", "the subject, which is read as the type");
  }),
];
