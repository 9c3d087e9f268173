import { ServiceBusClient } from "@azure/service-bus";
import { once } from "node:events";
import rhea from "rhea";
import { queueName } from "../emulator/queue-name.js";
import { serverProcesses, type ServerProcess } from "../emulator/server-process.js";
import { spread } from "../measure.js";
import type { Scenario } from "../scenario.js";
import { orderBytes } from "./order.js";

/** What connections that do nothing and messages that wait take of the emulator's memory. */
export const emulatorMemory: Scenario = async ({ scale }) => {
  const { emulator } = await serverProcesses("emulator");
  await queueMessages(emulator, 1_000);
  await emulator.ask("purge");
  const perMessage: number[] = [];
  const perConnection: number[] = [];
  const messages = Math.round(12_000 * scale);
  const connections = Math.round(300 * scale);
  await openIdle(emulator, 20);
  for (let round = 0; round < 3; round += 1) {
    perMessage.push(await growth(emulator, messages, () => queueMessages(emulator, messages)));
    await emulator.ask("purge");
    perConnection.push(await growth(emulator, connections, () => openIdle(emulator, connections)));
  }
  emulator.stop();
  const note = "JavaScript's heap and the buffers outside it";
  return [
    { what: "emulator, memory per queued message of 210 B", value: spread(perMessage), unit: "B", note },
    {
      what: "emulator, memory per idle connection with a session and a link",
      value: spread(perConnection),
      unit: "B",
      note: `${note}; not the kernel's part of a socket`,
    },
  ];
};

/** Bytes by which the server's memory has grown, each. */
async function growth(server: ServerProcess, count: number, run: () => Promise<unknown>): Promise<number> {
  const before = await server.ask("memory");
  await run();
  return ((await server.ask("memory")) - before) / count;
}

async function queueMessages({ connectionString }: ServerProcess, messages: number): Promise<void> {
  const client = new ServiceBusClient(connectionString);
  const sender = client.createSender(queueName);
  for (let sent = 0; sent < messages; sent += 500) {
    await sender.sendMessages(Array.from({ length: 500 }, () => ({ body: orderBytes })));
  }
  await client.close();
}

async function openIdle({ port }: ServerProcess, connections: number): Promise<void> {
  for (let opened = 0; opened < connections; opened += 1) {
    const connection = rhea
      .create_container()
      .connect({ host: "127.0.0.1", port, username: "guest", reconnect: false });
    await once(connection.open_sender(queueName), "sendable");
  }
}
