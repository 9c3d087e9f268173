import { ServiceBusClient } from "@azure/service-bus";
import { run, service } from "waybill";
import { command, queue } from "waybill/contracts";
import { clientOptions, serviceBus } from "waybill/service-bus";
import { startEmulator, type Emulator } from "waybill-tools/emulator";
import * as z from "zod";
import { sendPoison } from "../test/supervise/poison.js";

/**
 * `npx tsx scripts/poison.ts [part of a case's name]`: what one undecodable message does to a queue on the emulator, with the bare SDK and with
 * Waybill, for a minute each: the figures of docs/adapters/service-bus.md. Locks last 5 s, a message is delivered 5 times at
 * most, three healthy messages lie behind the poison, and another queue of the same client gets one message a second.
 */
const charge = command("billing.charge", {
  version: 1,
  schema: z.object({ id: z.string() }),
  key: () => "k",
});
const limits = { messages: { charge }, lock: "5s", maxDeliveries: 5 } as const;
const other = queue("other", limits);

interface Figures {
  readonly handled: Set<string>;
  others: number;
}

type Consume = (emulator: Emulator, sessions: boolean, figures: Figures) => Promise<() => Promise<unknown>>;

const billingOf = (sessions: boolean) =>
  sessions ? queue("billing", { ...limits, ordered: "by-key" }) : queue("billing", limits);

const bare: Consume = (emulator, sessions, figures) => {
  const client = new ServiceBusClient(emulator.serviceBus.connectionString);
  let over = false;
  const handlers = {
    processMessage: ({ messageId }: { messageId?: unknown }) => {
      figures.handled.add(String(messageId));
      return Promise.resolve();
    },
    processError: () => Promise.resolve(),
  };
  const nextSession = async (): Promise<void> => {
    while (!over) {
      try {
        const session = await client.acceptNextSession("billing");
        await new Promise<void>((ended) => {
          session.subscribe({ ...handlers, processError: () => Promise.resolve(ended()) });
        });
        await session.close();
      } catch {
        // No session is free: ask again.
      }
    }
  };
  if (sessions) void nextSession();
  else client.createReceiver("billing").subscribe(handlers, { maxConcurrentCalls: 5 });
  client.createReceiver("other").subscribe({
    ...handlers,
    processMessage: () => Promise.resolve(void (figures.others += 1)),
  });
  return Promise.resolve(() => {
    over = true;
    return client.close();
  });
};

const ours: Consume = async (emulator, sessions, figures) => {
  const worker = service("worker")
    .consume(billingOf(sessions), { charge: ({ id }) => void figures.handled.add(id) }, { concurrency: 5 })
    .consume(other, { charge: () => void (figures.others += 1) });
  const app = await run(worker, {
    transport: serviceBus({
      client: () => new ServiceBusClient(emulator.serviceBus.connectionString, clientOptions),
    }),
    supervision: { stallAfter: "20s" },
    on: (event) => {
      if (event.event === "stalled") process.stderr.write(`  told: ${event.evidence}\n`);
    },
  });
  return () => app.stop({ deadline: "5s" });
};

async function measure(name: string, consume: Consume, sessions: boolean): Promise<void> {
  const emulator = await startEmulator({
    port: 0,
    httpPort: 0,
    contracts: [{ billing: billingOf(sessions), other }],
  });
  const { connectionString } = emulator.serviceBus;
  await sendPoison(Number(/:(\d+)/.exec(connectionString)?.[1]), "billing", sessions ? "k" : undefined);
  const outside = new ServiceBusClient(connectionString);
  const messageOf = (id: string) => ({
    body: Buffer.from(JSON.stringify({ id })),
    contentType: "application/json",
    subject: "billing.charge",
    messageId: id,
    applicationProperties: {
      cloudEvents_id: id,
      cloudEvents_source: "s",
      cloudEvents_type: "billing.charge",
    },
  });
  await outside
    .createSender("billing")
    .sendMessages(
      ["1", "2", "3"].map((id) => ({ ...messageOf(id), ...(sessions ? { sessionId: "k" } : {}) })),
    );
  const others = outside.createSender("other");
  await others.sendMessages(messageOf("o0"));
  const before = emulator.recorded({ type: "disconnected" }).length;
  const figures: Figures = { handled: new Set(), others: 0 };
  const stop = await consume(emulator, sessions, figures);
  let sent = 1;
  const ticking = setInterval(() => void others.sendMessages(messageOf(`o${String((sent += 1))}`)), 1_000);
  await new Promise((minute) => setTimeout(minute, 60_000));
  clearInterval(ticking);
  const { active, deadLetter } = emulator.namespace().broker.getQueue("billing").counts;
  const cuts = emulator.recorded({ type: "disconnected" }).length - before;
  console.log(
    `${name}: ${String(figures.handled.size)} of 3 healthy messages handled, ${String(deadLetter)} dead letters, ` +
      `${String(active)} left, ${String(cuts)} connections lost in a minute, ${String(figures.others)} of ${String(sent)} of the other queue`,
  );
  // The bare client may never close.
  await Promise.race([stop().then(() => outside.close()), new Promise((late) => setTimeout(late, 10_000))]);
  await emulator.close();
}

const wanted = process.argv[2] ?? "";
const cases: readonly (readonly [string, Consume, boolean])[] = [
  ["queue, bare SDK", bare, false],
  ["queue, Waybill", ours, false],
  ["queue with sessions, bare SDK", bare, true],
  ["queue with sessions, Waybill", ours, true],
];
for (const [name, consume, sessions] of cases)
  if (name.includes(wanted)) await measure(name, consume, sessions);
process.exit(0);
