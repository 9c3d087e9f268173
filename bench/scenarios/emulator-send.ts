import { ServiceBusClient, type ServiceBusSender } from "@azure/service-bus";
import { queueName } from "../emulator/queue-name.js";
import { rheaSender } from "../emulator/rhea-sender.js";
import { serverProcesses } from "../emulator/server-process.js";
import { interleaveTwoSided, parts } from "../emulator/two-sided.js";
import { ratios, spread, workers } from "../measure.js";
import type { Row, Scenario } from "../scenario.js";

const batchSize = 100;
const inFlight = 4;
const body = Buffer.alloc(1_024, "waybill ");

/**
 * P11, the way in: batches of 100 messages of 1 KB by Microsoft's client to the emulator, beside rhea alone on both sides,
 * and beside Microsoft's client with rhea alone as its server, which shows what of the difference is the emulator's.
 */
export const emulatorSend: Scenario = async ({ rounds, scale }) => {
  const { emulator, rhea } = await serverProcesses("emulator", "rhea");
  const clients = [emulator, rhea].map(
    ({ connectionString }) => new ServiceBusClient(connectionString, { identifier: "bench" }),
  );
  const [toEmulator, toRhea] = clients.map((client) => client.createSender(queueName));
  const bare = await rheaSender(rhea.port, queueName, body);
  const batches = Math.round(24 * scale);
  const messages = batches * batchSize;
  const costs = await interleaveTwoSided(
    [
      {
        name: "emulator",
        server: emulator,
        prepare: () => emulator.ask("purge"),
        run: () => sendBatches(toEmulator!, batches),
      },
      { name: "sdkToRhea", server: rhea, run: () => sendBatches(toRhea!, batches) },
      { name: "rheaBatches", server: rhea, run: () => bare.sendBatches(batches, batchSize, inFlight) },
      { name: "rheaSingly", server: rhea, run: () => bare.sendSingly(messages) },
    ],
    messages,
    { rounds, warmUps: 2 },
  );
  await Promise.all(clients.map((client) => client.close()));
  bare.close();
  emulator.stop();
  rhea.stop();
  const both = (name: keyof typeof costs): readonly number[] => parts(costs[name], "both");
  const wall = (name: keyof typeof costs): readonly number[] => parts(costs[name], "wall");
  const figures: Row[] = [];
  for (const name of Object.keys(costs) as (keyof typeof costs)[]) {
    for (const part of ["client", "server"] as const) {
      const value = spread(parts(costs[name], part));
      figures.push({ what: `${titles[name]}, CPU of the ${part} per message`, value, unit: "µs" });
    }
  }
  return [
    {
      target: "P11",
      what: "emulator, batches of 100 × 1 KB by Microsoft's client: throughput / rhea to rhea",
      value: spread(ratios(both("rheaSingly"), both("emulator"))),
      unit: "×",
      atLeast: 0.9,
      note: "messages per CPU second of client and server together; rhea sends the messages one by one",
    },
    {
      what: "the same by the clock",
      value: spread(ratios(wall("rheaSingly"), wall("emulator"))),
      unit: "×",
    },
    {
      what: "the same with rhea sending the same batches, ready for the wire",
      value: spread(ratios(both("rheaBatches"), both("emulator"))),
      unit: "×",
      note: "how much of it is Microsoft's client: see the next row",
    },
    {
      what: "Microsoft's client to the emulator / to rhea, throughput",
      value: spread(ratios(both("sdkToRhea"), both("emulator"))),
      unit: "×",
      note: "rhea only accepts the batch: it neither takes it apart nor stores it",
    },
    ...figures,
  ];
};

const titles = {
  emulator: "Microsoft's client to the emulator",
  sdkToRhea: "Microsoft's client to rhea",
  rheaBatches: "rhea to rhea, batches",
  rheaSingly: "rhea to rhea, one by one",
} as const;

function sendBatches(sender: ServiceBusSender, batches: number): Promise<unknown> {
  let left = batches;
  return workers(inFlight, async () => {
    while (left-- > 0) await sender.sendMessages(Array.from({ length: batchSize }, () => ({ body })));
  });
}
