import { randomUUID } from "node:crypto";
import { ServiceBusClient, type ServiceBusMessage } from "@azure/service-bus";
import { clientOptions, serviceBus } from "../../adapters/service-bus/index.js";
import { queueName } from "../emulator/queue-name.js";
import { serverProcesses } from "../emulator/server-process.js";
import { interleave, ratios, spread } from "../measure.js";
import type { Scenario } from "../scenario.js";
import { burst, concurrency } from "./broker-loop.js";
import { order, type Order } from "./order.js";
import { looping, sdkLoop, validatorCalls, type Loop } from "./sdk-loop.js";

/** P10: the Service Bus adapter beside the bare client: the same messages sent in batches, received, parsed, completed. */
export const adapterOverhead: Scenario = async ({ rounds, scale }) => {
  const { emulator } = await serverProcesses("emulator");
  const transport = () =>
    serviceBus({ client: () => new ServiceBusClient(emulator.connectionString, clientOptions) });
  const bare = await bareLoop(emulator.connectionString);
  const passThrough = await sdkLoop("pass-through", "many", transport(), `${queueName}-pass-through`);
  const zod = await sdkLoop("zod", "many", transport(), `${queueName}-zod`);
  const messages = 3_000 * scale;
  const samples = await interleave(
    [
      looping("bare", bare, messages),
      looping("passThrough", passThrough, messages),
      looping("zod", zod, messages),
      validatorCalls(50_000 * scale),
    ],
    rounds,
    2,
  );
  for (const loop of [bare, passThrough, zod]) await loop.stop();
  emulator.stop();
  const validated = samples.bare.map((cost, round) => 1.15 * cost + samples["zod twice"][round]!);
  return [
    { what: "Microsoft's client alone, on the emulator", value: spread(samples.bare), unit: "µs" },
    { what: "the same through Waybill", value: spread(samples.passThrough), unit: "µs" },
    {
      target: "P10",
      what: "through Waybill / Microsoft's client alone",
      value: spread(ratios(samples.passThrough, samples.bare)),
      unit: "×",
      atMost: 1.1,
      note: "CPU of the client's process; JSON both ways in both, no validation",
    },
    {
      target: "P10",
      what: "through Waybill with zod / (1.15 Microsoft's client + two parses)",
      value: spread(ratios(samples.zod, validated)),
      unit: "×",
      atMost: 1,
    },
  ];
};

/** The same message as Waybill sends, spelled by hand. */
function cloudEvent(data: Order): ServiceBusMessage {
  const id = randomUUID();
  return {
    messageId: id,
    subject: "bench.place-order",
    contentType: "application/json",
    correlationId: id,
    body: Buffer.from(JSON.stringify(data)),
    applicationProperties: {
      cloudEvents_specversion: "1.0",
      cloudEvents_id: id,
      cloudEvents_source: "bench",
      cloudEvents_type: "bench.place-order",
      cloudEvents_time: new Date().toISOString(),
      cloudEvents_wbversion: 1,
    },
  };
}

/** What one would write without Waybill. */
async function bareLoop(connectionString: string): Promise<Loop> {
  const client = new ServiceBusClient(connectionString, clientOptions);
  const sender = client.createSender(queueName);
  const receiver = client.createReceiver(queueName, { skipParsingBodyAsJson: true });
  let left = 0;
  let handled: (() => void) | undefined;
  receiver.subscribe(
    {
      async processMessage({ body }) {
        JSON.parse((body as Buffer).toString()) as Order;
        left -= 1;
        if (left === 0) handled?.();
      },
      async processError({ error }) {
        throw error;
      },
    },
    { maxConcurrentCalls: concurrency },
  );
  const sendBurst = async (from: number): Promise<void> => {
    let batch = await sender.createMessageBatch();
    for (let at = 0; at < burst; at += 1) {
      const message = cloudEvent(order(from + at));
      if (batch.tryAddMessage(message)) continue;
      await sender.sendMessages(batch);
      batch = await sender.createMessageBatch();
      batch.tryAddMessage(message);
    }
    await sender.sendMessages(batch);
  };
  return {
    pass: async (count) => {
      for (let sent = 0; sent < count; sent += burst) {
        left = burst;
        const all = new Promise<void>((resolve) => (handled = resolve));
        await sendBurst(sent);
        await all;
      }
    },
    stop: () => client.close(),
  };
}
