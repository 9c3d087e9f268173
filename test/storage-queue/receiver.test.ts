import type { QueueClient, QueueServiceClient } from "@azure/storage-queue";
import { describe, expect, it } from "vitest";
import { run, service } from "waybill";
import { command, queue } from "waybill/contracts";
import {
  fromStructuredJson,
  realRuntime,
  type Connection,
  type DeadLetterRecord,
  type Receiver,
  type Runtime,
} from "waybill/transport";
import * as z from "zod";
import { storageQueue } from "../../adapters/storage-queue/index.js";
import { virtualRuntime } from "../../src/runtime/virtual-runtime.js";
import { azuriteQueues, until } from "./queues.js";

const queues = azuriteQueues();

const step = command("test.step", { version: 1, schema: z.object({ n: z.number() }) });

/** A queue's client whose answers to receives are held until they are let go. */
class HeldAnswers {
  readonly #held: (() => void)[] = [];
  holding = true;

  client(): QueueServiceClient {
    const service = queues.client();
    const queueClient = service.getQueueClient.bind(service);
    service.getQueueClient = (name): QueueClient => {
      const client = queueClient(name);
      const receive = client.receiveMessages.bind(client);
      client.receiveMessages = async (options) => {
        const answer = await receive(options);
        if (this.holding) await new Promise<void>((resolve) => void this.#held.push(resolve));
        return answer;
      };
      return client;
    };
    return service;
  }

  /** Waits for an answer that is held. */
  async arrived(): Promise<void> {
    await until(async () => (await tick(), this.#held.length > 0 ? true : undefined));
  }

  letGo(): void {
    this.holding = false;
    for (const go of this.#held.splice(0)) go();
  }
}

const tick = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

async function connected(
  name: string,
  client: () => QueueServiceClient,
  runtime: Runtime = realRuntime(),
): Promise<{ readonly connection: Connection; readonly receiver: Receiver }> {
  const place = { channel: queue(name, { messages: { step } })["~channel"], address: name };
  const source = { ...place, kind: "queue" } as const;
  const connection = await storageQueue({ client }).connect({
    service: "till",
    runtime,
    destinations: [],
    sources: [source],
  });
  const options = { lanes: 1, perLane: 32, startFrom: "earliest", onLost: () => undefined } as const;
  return { connection, receiver: connection.receiver(source, options) };
}

/** An event of somebody who knows nothing of Waybill. */
const eventText = (history: object = {}): string =>
  Buffer.from(
    JSON.stringify({ specversion: "1.0", id: "1", source: "/till", type: "test.step", ...history, data: {} }),
  ).toString("base64");

describe("what comes when nobody waits any more", () => {
  it.each([
    ["an event", eventText(), { uncounted: 1 }],
    ["one that crashed before", eventText({ wbattempt: 2, wbuncounted: 1 }), { attempts: 2, uncounted: 2 }],
  ])("is put back without an attempt: %s", async (_, text, history) => {
    const name = `late-${String(history.uncounted)}`;
    const raw = await queues.create(name);
    await raw.sendMessage(text);
    const answers = new HeldAnswers();
    const { connection, receiver } = await connected(name, () => answers.client());
    const abort = new AbortController();
    const received = receiver.receive(32, abort.signal);
    await answers.arrived();
    abort.abort();
    expect(await received).toEqual([]);
    answers.letGo();
    await receiver.close();
    const { peekedMessageItems } = await raw.peekMessages();
    expect(
      peekedMessageItems.map(({ messageText, dequeueCount }) => [
        dequeueCount,
        fromStructuredJson(Buffer.from(messageText, "base64")).history,
      ]),
    ).toEqual([[1, history]]);
    await connection.close();
  });

  it("is put back as it is when it is foreign: its text is never changed", async () => {
    const raw = await queues.create("late-foreign");
    await raw.sendMessage("plain text");
    const answers = new HeldAnswers();
    const { connection, receiver } = await connected("late-foreign", () => answers.client());
    const abort = new AbortController();
    const received = receiver.receive(32, abort.signal);
    await answers.arrived();
    abort.abort();
    await received;
    answers.letGo();
    await receiver.close();
    const { peekedMessageItems } = await raw.peekMessages();
    expect(peekedMessageItems).toMatchObject([{ messageText: "plain text", dequeueCount: 1 }]);
    await connection.close();
  });

  it("is put back without an attempt also when its request had been given up", async () => {
    const raw = await queues.create("late-timeout");
    await raw.sendMessage(eventText());
    const answers = new HeldAnswers();
    const runtime = virtualRuntime();
    const { connection, receiver } = await connected("late-timeout", () => answers.client(), runtime);
    const received = Promise.resolve(receiver.receive(32, new AbortController().signal));
    const failed = received.catch((error: unknown) => error);
    await answers.arrived();
    await runtime.drive({ target: runtime.now() + 31_000 });
    expect(await failed).toMatchObject({ code: "timeout" });
    answers.letGo();
    const seen = await until(async () => (await raw.peekMessages()).peekedMessageItems[0]);
    expect(fromStructuredJson(Buffer.from(seen.messageText, "base64")).history).toEqual({ uncounted: 1 });
    await connection.close();
  });

  it("is handled after a pause by a consumer that makes one attempt", async () => {
    await Promise.all([queues.create("paused"), queues.create("paused-poison")]);
    const paused = queue("paused", { messages: { step } });
    const sender = await run(service("sender").sends(paused), { transport: queues.transport() });
    await sender.send(paused.step, { n: 1 });
    await sender.stop();
    const answers = new HeldAnswers();
    const told: string[] = [];
    let handled: (attempt: number) => void;
    const done = new Promise<number>((resolve) => (handled = resolve));
    const app = await run(
      service("till").consume(
        paused,
        { step: (_message, { attempt }) => handled(attempt) },
        { retry: { attempts: 1 } },
      ),
      {
        transport: storageQueue({ client: () => answers.client() }),
        on: ({ event }) => void told.push(event),
      },
    );
    await answers.arrived();
    app.pause();
    answers.letGo();
    app.resume();
    expect(await done).toBe(1);
    await app.stop();
    expect(told).not.toContain("deadLettered");
  });
});

describe("a poison queue that is missing", () => {
  it("is named with what to do, and the message stays", async () => {
    const raw = await queues.create("no-poison");
    await raw.sendMessage(eventText());
    const { connection, receiver } = await connected("no-poison", () => queues.client());
    const [delivery] = await receiver.receive(1, new AbortController().signal);
    if (delivery === undefined) throw new Error("it is there");
    const record: DeadLetterRecord = {
      reason: "Manual",
      description: "",
      attempts: 0,
      deliveryCount: 1,
      consumer: "till",
      from: "no-poison",
      at: "2026-01-01T00:00:00Z",
    };
    const [failure] = await receiver.settle([{ delivery, action: { kind: "deadLetter", record } }]);
    expect(failure).toMatchObject({ code: "notFound", class: "config" });
    expect(failure?.message).toBe(
      'cannot deadLetter a message of "no-poison": there is no queue "no-poison-poison": create it, or give storageQueue() the option topology: "ensure"',
    );
    expect((await raw.getProperties()).approximateMessagesCount).toBe(1);
    await connection.close();
  });
});

describe("closing a receiver", () => {
  it("ends by the limit of its request when the client never answers", async () => {
    await queues.create("silent");
    const client = (): QueueServiceClient => {
      const service = queues.client();
      const queueClient = service.getQueueClient.bind(service);
      service.getQueueClient = (name): QueueClient =>
        Object.assign(queueClient(name), { receiveMessages: () => new Promise(() => undefined) });
      return service;
    };
    const runtime = virtualRuntime();
    const { connection, receiver } = await connected("silent", client, runtime);
    const startedMs = runtime.now();
    const abort = new AbortController();
    const received = receiver.receive(32, abort.signal);
    abort.abort();
    expect(await received).toEqual([]);
    let closedMs: number | undefined;
    const closed = (async () => {
      await receiver.close();
      closedMs = runtime.now() - startedMs;
    })();
    await runtime.drive({ target: startedMs + 60_000 });
    await closed;
    expect(closedMs).toBe(30_000);
    await connection.close();
  });
});
