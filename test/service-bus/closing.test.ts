import type { ServiceBusClient, ServiceBusReceiver, ServiceBusSender } from "@azure/service-bus";
import { describe, expect, it } from "vitest";
import { serviceBus } from "waybill/service-bus";
import { queue, command } from "waybill/contracts";
import * as z from "zod";
import { virtualRuntime } from "../../src/runtime/virtual-runtime.js";
import { receiving } from "./bus.js";

const charge = command("billing.charge", { version: 1, schema: z.object({ orderId: z.string() }) });
const billing = queue("billing", { messages: { charge } });
const source = { kind: "queue", channel: billing["~channel"], address: "billing" } as const;

/** A promise that nobody keeps. */
const never = <T>(): Promise<T> => new Promise(() => undefined);

/** A client of which nothing ever ends. */
const hanging = {
  createSender: () => ({ close: never, sendMessages: never }) as Partial<ServiceBusSender>,
  createReceiver: () =>
    ({ close: never, subscribe: () => ({ close: never }) }) as Partial<ServiceBusReceiver>,
  acceptNextSession: never,
  close: never,
} as unknown as ServiceBusClient;

/** A client whose promises are broken when nobody waits for them any more. */
function breaking(late: ((error: Error) => void)[]): ServiceBusClient {
  const broken = <T>(): Promise<T> => new Promise((_, reject) => late.push(reject));
  return {
    createSender: () => ({ close: broken, sendMessages: broken }),
    createReceiver: () => ({ close: broken, subscribe: () => ({ close: broken }), peekMessages: broken }),
    acceptNextSession: broken,
    close: broken,
  } as unknown as ServiceBusClient;
}

describe("what a client rejects when nobody waits for it any more", () => {
  it("goes nowhere: an unhandled rejection would fail this run", async () => {
    const runtime = virtualRuntime();
    const late: ((error: Error) => void)[] = [];
    const transport = serviceBus({ client: () => breaking(late), operationTimeout: "4s" });
    const connection = await transport.connect({
      service: "shop",
      runtime,
      destinations: [source],
      sources: [source],
    });
    const receiver = connection.receiver(source, receiving({ apart: true }));
    void receiver.receive(1, new AbortController().signal);
    const looked = expect(Promise.resolve(receiver.backlog?.())).rejects.toMatchObject({ code: "timeout" });
    connection.recycle?.();
    let closed = false;
    const closing = Promise.resolve(connection.close()).then(() => (closed = true));
    await runtime.drive({ target: runtime.now() + 30_000, ended: () => closed });
    await closing;
    await looked;
    for (const reject of late) reject(new Error("broken"));
    expect(late.length).toBeGreaterThan(3);
    await new Promise((turn) => setImmediate(turn));
  });
});

describe("closing a connection whose client answers nothing", () => {
  it.each([
    ["a queue", billing],
    ["a queue with sessions", queue("billing", { messages: { charge: keyed() }, ordered: "by-key" })],
  ])("ends by its deadline: %s", async (_, channel) => {
    const runtime = virtualRuntime();
    const transport = serviceBus({ client: () => hanging, operationTimeout: "4s" });
    const place = { ...source, channel: channel["~channel"] };
    const connection = await transport.connect({
      service: "shop",
      runtime,
      destinations: [place],
      sources: [place],
    });
    const sender = connection.sender(place);
    const receiver = connection.receiver(place, receiving());
    const received = receiver.receive(1, new AbortController().signal);
    const envelope = {
      id: "1",
      source: "test",
      type: "billing.charge",
      version: 1,
      key: "k",
      contentType: "application/json",
      history: {},
      headers: {},
      extensions: {},
      body: Buffer.from("{}"),
    };
    const sent = sender.send([{ envelope }]);
    let closed = false;
    const closing = Promise.resolve(connection.close()).then(() => (closed = true));
    await runtime.drive({ target: runtime.now() + 15_000, ended: () => closed });
    await closing;
    expect(await received).toEqual([]);
    expect(await sent).toMatchObject([{ ok: false, error: { code: "ambiguousSend" } }]);
  });
});

function keyed() {
  return command("billing.charge", {
    version: 1,
    schema: z.object({ orderId: z.string() }),
    key: ({ orderId }) => orderId,
  });
}
