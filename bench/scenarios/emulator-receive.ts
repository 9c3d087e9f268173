import { ServiceBusClient, type ServiceBusSender } from "@azure/service-bus";
import { queueName } from "../emulator/queue-name.js";
import { serverProcesses } from "../emulator/server-process.js";
import { interleaveTwoSided, parts } from "../emulator/two-sided.js";
import { ratios, spread } from "../measure.js";
import type { Scenario } from "../scenario.js";

/** P11, the way out: `subscribe` of Microsoft's client with 50 calls at a time, each message completed. */
export const emulatorReceive: Scenario = async ({ rounds, scale }) => {
  const { emulator } = await serverProcesses("emulator");
  const client = new ServiceBusClient(emulator.connectionString);
  const sender = client.createSender(queueName);
  const messages = Math.round(1_600 * scale);
  const { subscribe: costs } = await interleaveTwoSided(
    [
      {
        name: "subscribe",
        server: emulator,
        prepare: () => fill(sender, messages),
        run: () => drain(client, messages),
      },
    ],
    messages,
    { rounds, warmUps: 2 },
  );
  const left = await emulator.ask("purge");
  if (left > 0) throw new Error(`${String(left)} messages were not completed`);
  await client.close();
  emulator.stop();
  const of = (part: "client" | "server" | "wall"): readonly number[] => parts(costs, part);
  return [
    {
      target: "P11",
      what: "emulator, subscribe with 50 calls at a time: CPU of the server / of Microsoft's client",
      value: spread(ratios(of("server"), of("client"))),
      unit: "×",
      atMost: 0.5,
      note: "peek-lock, 1 KB, each completed; the server is a process of its own",
    },
    { what: "the same, CPU of the client per message", value: spread(of("client")), unit: "µs" },
    { what: "the same, CPU of the server per message", value: spread(of("server")), unit: "µs" },
    { what: "the same, messages a second", value: spread(of("wall").map((us) => 1e6 / us)), unit: "/s" },
  ];
};

const body = Buffer.alloc(1_024, "waybill ");

async function fill(sender: ServiceBusSender, messages: number): Promise<void> {
  for (let sent = 0; sent < messages; sent += 100) {
    await sender.sendMessages(Array.from({ length: 100 }, () => ({ body })));
  }
}

async function drain(client: ServiceBusClient, messages: number): Promise<void> {
  const receiver = client.createReceiver(queueName);
  await new Promise<void>((resolve, reject) => {
    let left = messages;
    receiver.subscribe(
      {
        async processMessage() {
          if (--left === 0) resolve();
        },
        async processError({ error }) {
          reject(error);
        },
      },
      { maxConcurrentCalls: 50 },
    );
  });
  // Waits until the last ones are completed.
  await receiver.close();
}
