import { ServiceBusClient } from "@azure/service-bus";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { startEmulator } from "../../tools/emulator/index.js";
import { builtCommand } from "../emulator/built.js";
import { queueName } from "../emulator/queue-name.js";
import { spread } from "../measure.js";
import type { Scenario } from "../scenario.js";

/** P12: from the start of an emulator to the first message that came through it by Microsoft's client. */
export const emulatorStart: Scenario = async ({ rounds }) => {
  const command = await builtCommand();
  const warm: Start[] = [];
  const cold: Start[] = [];
  const node: number[] = [];
  for (let round = -warmUps; round < rounds; round += 1) {
    const start = await firstMessageWarm();
    if (round < 0) continue;
    warm.push(start);
    // New processes take their time.
    if (round % 2 > 0) continue;
    cold.push(await firstMessageCold(command));
    node.push(await startOfNode());
  }
  return [
    {
      target: "P12",
      what: "emulator, start to first message by Microsoft's client, warm process",
      value: spread(warm.map(({ wallMs }) => wallMs)),
      unit: "ms",
      atMost: 150,
      note: "by the clock, sent and received; the busier the machine, the longer",
    },
    {
      what: "the same, CPU time of the process, which is server and client",
      value: spread(warm.map(({ cpuMs }) => cpuMs)),
      unit: "ms",
    },
    {
      target: "P12",
      what: "emulator, start to first message by Microsoft's client, command in a new process",
      value: spread(cold.map(({ wallMs }) => wallMs)),
      unit: "ms",
      atMost: 1_000,
      note: "by the clock; the built package, what npx itself takes not counted; the client is warm",
    },
    {
      what: "the same, CPU time of the new process, its end included",
      value: spread(cold.map(({ cpuMs }) => cpuMs)),
      unit: "ms",
    },
    { what: "a new process of Node that does nothing, by the clock", value: spread(node), unit: "ms" },
  ];
};

const warmUps = 3;

interface Start {
  /** From the start to the first message. */
  readonly wallMs: number;
  readonly cpuMs: number;
}

async function firstMessageWarm(): Promise<Start> {
  const before = process.cpuUsage();
  const startMs = performance.now();
  const emulator = await startEmulator({ port: 0, httpPort: 0, createOnUse: true });
  const client = await passOne(emulator.serviceBus.connectionString);
  const wallMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(before);
  await client.close();
  await emulator.close();
  return { wallMs, cpuMs: (user + system) / 1_000 };
}

async function firstMessageCold(command: string): Promise<Start> {
  const flags = ["emulator", "--json", "--port", "0", "--http-port", "0", "--create-on-use"];
  const startMs = performance.now();
  const child = spawn(process.execPath, ["--import", tellsItsCost, command, ...flags], {
    stdio: ["ignore", "pipe", "ignore", "pipe"],
  });
  const cost = text(child.stdio[3] as Readable);
  const client = await passOne(await announced(child));
  const wallMs = performance.now() - startMs;
  await client.close();
  child.kill();
  return { wallMs, cpuMs: Number(await cost) / 1_000 };
}

/** A module that writes at the end of a process what CPU time it took, in microseconds. */
const tellsItsCost = `data:text/javascript,${encodeURIComponent(`
  import { writeSync } from "node:fs";
  process.on("exit", () => {
    const { user, system } = process.cpuUsage();
    writeSync(3, String(user + system));
  });
`)}`;

async function startOfNode(): Promise<number> {
  const startMs = performance.now();
  await once(spawn(process.execPath, ["-e", "0"]), "exit");
  return performance.now() - startMs;
}

/** The connection string that the command prints. */
async function announced({ stdout }: ChildProcess): Promise<string> {
  const [line] = (await once(createInterface(stdout!), "line")) as [string];
  const { serviceBus } = JSON.parse(line) as { readonly serviceBus: { readonly connectionString: string } };
  return serviceBus.connectionString;
}

/** Sends a message and receives it, by a new client. */
async function passOne(connectionString: string): Promise<ServiceBusClient> {
  const client = new ServiceBusClient(connectionString);
  await client.createSender(queueName).sendMessages({ body: "first" });
  const received = await client.createReceiver(queueName).receiveMessages(1);
  if (received.length !== 1) throw new Error("the first message did not come");
  return client;
}
