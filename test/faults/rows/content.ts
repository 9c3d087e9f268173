import { EventHubProducerClient } from "@azure/event-hubs";
import { ServiceBusClient } from "@azure/service-bus";
import { once } from "node:events";
import rhea from "rhea";
import { connectRhea, openSender } from "../../emulator/engine/rhea-client.js";
import type { AmqpPlace } from "../places.js";
import type { Row } from "../row.js";
import { onHub, onQueue, onSessions, type Act, type AmqpScript } from "../staged.js";
import { until } from "../until.js";
import { eventHubsOver } from "../worlds.js";

/** A message section (amqp-value) of bytes that are what they are. */
const valueOf = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0x00, 0x53, 0x77]), bytes]);

/** Lists within lists, at which the SDK's decoder runs out of stack. */
function nested(depth: number): Buffer {
  const heads: Buffer[] = [];
  let size = 1;
  for (let level = 0; level < depth; level += 1) {
    const head = Buffer.alloc(9);
    head[0] = 0xd0;
    head.writeUInt32BE(size + 4, 1);
    head.writeUInt32BE(1, 5);
    heads.unshift(head);
    size += 9;
  }
  return valueOf(Buffer.concat([...heads, Buffer.from([0x45])]));
}

/** `array32` of so many nulls, in 13 bytes. */
function bomb(count: number): Buffer {
  const array = Buffer.alloc(10);
  array[0] = 0xf0;
  array.writeUInt32BE(5, 1);
  array.writeUInt32BE(count, 5);
  array[9] = 0x40;
  return valueOf(array);
}

/** Sends the bytes of a message as they are, past every SDK. */
async function sendRaw({ emulator }: AmqpPlace, address: string, bytes: Buffer): Promise<void> {
  const connection = await connectRhea(emulator.amqpPort);
  const sender = await openSender(connection, address);
  const accepted = once(sender, "accepted");
  sender.send(bytes, undefined, 0);
  await accepted;
  connection.close();
}

/** What cannot be read lies in a partition; what is behind it, and the other partition, must be done. */
const passed: Act<AmqpPlace> = async (stage, { runtime }) => {
  const beganMs = runtime.elapsed();
  await until(
    "a word of what cannot be read",
    () => stage.count("deadLettered") + stage.count("stalled") > 0,
  );
  // The other partition goes on, so that this one has to be spoken of by itself.
  const tookMs = runtime.elapsed() - beganMs;
  if (tookMs > stage.silenceMs)
    stage.problems.push(`I11: a partition stood for ${tookMs.toFixed(0)} ms, and nothing said so`);
  await until("what cannot be read to be given up", () => stage.count("deadLettered") > 0);
  await stage.progress(10);
  return stage.count("deadLettered");
};

const undecodable = (f: number, injected: string, act: Act<AmqpPlace>): Row =>
  onHub({
    ...{ f, injected, holds: ["I1", "I8", "I11", "I13"], strangers: 1, alone: true, act },
    transport: (connectionString, { stores }) => eventHubsOver(connectionString, stores, "300ms"),
  });

const poisoned =
  (bytes: () => Buffer): Act<AmqpPlace> =>
  async (stage, place) => {
    await sendRaw(place, "sales/Partitions/0", bytes());
    return passed(stage, place);
  };

/** The emulator takes no such message, so its body is broken on the way out, each time. */
const cutOff: Act<AmqpPlace> = async (stage, place) => {
  const { faults, eventHubs } = place.emulator;
  faults.frames(
    { kind: "transfer", direction: "out" },
    {
      replace: (bytes: Uint8Array) => {
        const frame = Buffer.from(bytes);
        const body = frame.indexOf(mark) < 0 ? -1 : frame.lastIndexOf(dataSection, frame.indexOf(mark));
        // A value of a list that is longer than the message.
        if (body >= 0)
          Buffer.from([0x00, 0x53, 0x77, 0xd0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 9]).copy(frame, body);
        return frame;
      },
    },
  );
  const producer = new EventHubProducerClient(eventHubs.connectionString, "sales");
  await producer.sendBatch([{ body: mark }], { partitionId: "0" });
  await producer.close();
  return passed(stage, place);
};

const mark = Buffer.from("a body that is cut off on its way");
const dataSection = Buffer.from([0x00, 0x53, 0x75]);

/** A header that would be the prototype of all headers. */
const polluting = (on: typeof onQueue, address: string): Row =>
  on({
    ...{
      f: 44,
      injected: "raw: application properties named __proto__, constructor and prototype",
      holds: ["I1", "I15"],
    },
    act: async (stage, place) => {
      const properties = JSON.parse('{"__proto__":"x","constructor":"y","prototype":"z"}') as Record<
        string,
        string
      >;
      const id = "raw-1";
      const job = { n: 1_000_000, key: "raw" };
      const message = {
        message_id: id,
        group_id: "raw",
        content_type: "application/json",
        application_properties: Object.assign(Object.create(null) as object, {
          ...{ cloudEvents_specversion: "1.0", cloudEvents_id: id, cloudEvents_source: "raw" },
          ...{ cloudEvents_type: "faults.job", cloudEvents_subject: "raw", cloudEvents_wbversion: 1 },
        }),
        body: rhea.message.data_section(Buffer.from(JSON.stringify(job))) as object,
      };
      for (const key of Object.keys(properties))
        Object.defineProperty(message.application_properties, key, {
          value: properties[key],
          enumerable: true,
        });
      await sendRaw(place, address, rhea.message.encode(message));
      stage.ledger.accept(id, job);
      await until("it to be done", () => stage.ledger.done(id));
      if (Object.getPrototypeOf({}) !== Object.prototype || Object.keys(Object.prototype).length > 0)
        stage.problems.push("I15: a prototype was changed");
      return 1;
    },
  });

/** Bodies that parsers choke on; each is a dead letter, and nothing stops for it. */
const bodies = [
  "[".repeat(100_000),
  `{"n":1,"key":"${"k".repeat(100_000)}`,
  '{"n":1e999,"key":"a"}',
  '{"n":"1","key":"a"}',
  "\ufeff{",
  "",
  "null",
  '{"__proto__":{"n":1,"key":"a"}}',
];

const hostileBodies: AmqpScript = {
  ...{
    f: 45,
    injected: "bodies: nested 100,000 deep, cut off, out of range, wrong, empty, null",
    holds: ["I1", "I14"],
  },
  act: async (stage, { emulator }) => {
    const client = new ServiceBusClient(emulator.serviceBus.connectionString);
    const sender = client.createSender(emulator.namespace().kindOf("work") === undefined ? "orders" : "work");
    for (const [at, body] of bodies.entries()) {
      const id = `bad-${String(at)}`;
      stage.expectDeadLetter(id);
      await sender.sendMessages({
        ...{ messageId: id, body: Buffer.from(body), contentType: "application/json", sessionId: "bad" },
        applicationProperties: {
          ...{ cloudEvents_specversion: "1.0", cloudEvents_id: id, cloudEvents_source: "raw" },
          ...{ cloudEvents_type: "faults.job", cloudEvents_subject: "bad", cloudEvents_wbversion: 1 },
        },
      });
    }
    await client.close();
    await until("all of them to be dead letters", () => stage.count("deadLettered") >= bodies.length);
    await stage.progress();
    return bodies.length;
  },
};

/** What a message can hold that nobody should choke on. */
export const content: readonly Row[] = [
  undecodable(41, "emulator: a body whose list is longer than the message", cutOff),
  undecodable(
    42,
    "raw: lists nested 2,400 deep, which the SDK decodes and nobody can write down, in a partition",
    poisoned(() => nested(2_400)),
  ),
  undecodable(
    42,
    "raw: lists nested 15,000 deep, in a partition",
    poisoned(() => nested(15_000)),
  ),
  undecodable(
    43,
    "raw: an array of 2,000,000 nulls in 13 bytes, at the head of a partition",
    poisoned(() => bomb(2_000_000)),
  ),
  polluting(onQueue, "work"),
  polluting(onSessions, "orders"),
  polluting(onHub, "sales/Partitions/0"),
  onQueue(hostileBodies),
  onSessions(hostileBodies),
];
