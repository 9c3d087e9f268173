import { EventHubProducerClient } from "@azure/event-hubs";
import { ServiceBusAdministrationClient, ServiceBusClient } from "@azure/service-bus";
import { describe, expect, it } from "vitest";
import { startEmulator } from "waybill-tools/emulator";
import { event, queue } from "waybill/contracts";
import * as z from "zod";
import { endAfterEach, queues, quick, serviceBusClient, started } from "./clients.js";

endAfterEach();

const Placed = event("shop.placed", { version: 1, schema: z.object({ id: z.string() }) });

describe("a started emulator", () => {
  it("takes the printed strings in Microsoft's clients: both services on one port", async () => {
    const hub = { UserConfig: { NamespaceConfig: [{ Entities: [{ Name: "hub", PartitionCount: 1 }] }] } };
    const emulator = await started({
      configs: [queues("from-config"), hub],
      contracts: [{ orders: queue("from-contract", { messages: { placed: Placed } }) }],
    });
    const client = serviceBusClient(emulator);
    for (const name of ["from-config", "from-contract"]) {
      await client.createSender(name).sendMessages({ body: `to ${name}` });
      const [message] = await client.createReceiver(name).receiveMessages(1);
      expect(message?.body).toBe(`to ${name}`);
    }
    const producer = new EventHubProducerClient(emulator.eventHubs.connectionString, "hub", quick);
    expect(await producer.getPartitionIds()).toEqual(["0"]);
    await producer.close();
  });

  it("says over HTTP that it is healthy, and what there is", async () => {
    const emulator = await started({ configs: [queues("q")] });
    const health = await fetch(`${emulator.eventGrid.endpoint}/health`);
    expect([health.status, await health.json()]).toEqual([
      200,
      expect.objectContaining({ status: "healthy" }),
    ]);
    expect(emulator.serviceBus.administrationConnectionString).toContain(`:${emulator.httpPort};`);
    expect(
      () => new ServiceBusAdministrationClient(emulator.serviceBus.administrationConnectionString),
    ).not.toThrow();
  });

  it("makes entities on first use only if it is told to", async () => {
    const strict = serviceBusClient(await started());
    await expect(strict.createSender("new").sendMessages({ body: 1 })).rejects.toMatchObject({
      code: "MessagingEntityNotFound",
    });
    const generous = await started({ createOnUse: true });
    const client = serviceBusClient(generous);
    const receiver = client.createReceiver("topic", "subscription");
    await receiver.peekMessages(1);
    await client.createSender("topic").sendMessages({ body: "hello" });
    expect(generous.namespace().kindOf("topic")).toBe("topic");
    expect((await receiver.receiveMessages(1)).map(({ body }) => body as unknown)).toEqual(["hello"]);
  });

  it("checks keys when it is told to, and its own strings have the right one", async () => {
    const emulator = await started({ auth: { key: "secret" }, configs: [queues("q")] });
    await serviceBusClient(emulator).createSender("q").sendMessages({ body: 1 });
    const wrong = new ServiceBusClient(
      emulator.serviceBus.connectionString.replace("=secret;", "=guess;"),
      quick,
    );
    await expect(wrong.createSender("q").sendMessages({ body: 1 })).rejects.toMatchObject({
      code: "UnauthorizedAccess",
    });
    await wrong.close();
  });

  it("keeps namespaces apart by the host that a client names", async () => {
    const emulator = await started({
      configs: [queues("q")],
      namespaces: { "tenant-a": { configs: [queues("q")] } },
    });
    const { amqpPort } = emulator;
    const send = async (host: string): Promise<void> => {
      const text = `Endpoint=sb://${host}/;SharedAccessKeyName=x;SharedAccessKey=y;UseDevelopmentEmulator=true`;
      const client = new ServiceBusClient(text, {
        ...quick,
        customEndpointAddress: `sb://127.0.0.1:${amqpPort}`,
      });
      await client.createSender("q").sendMessages({ body: host });
      await client.close();
    };
    await send("tenant-a.servicebus.windows.net");
    await send("nobody.servicebus.windows.net");
    await send("localhost");
    const count = (name?: string): number => emulator.namespace(name).broker.getQueue("q").counts.active;
    expect([count(), count("tenant-a")]).toEqual([2, 1]);
    expect(() => emulator.namespace("nobody")).toThrow(/no namespace "nobody"/);
  });

  it("moves time: a lock ends, and what was scheduled is due, when the test says so", async () => {
    const emulator = await started({ configs: [queues("q")] });
    const client = serviceBusClient(emulator);
    const [sender, receiver] = [client.createSender("q"), client.createReceiver("q")];
    const before = emulator.now();
    await sender.scheduleMessages({ body: "later" }, new Date(before + 30 * 60_000));
    expect(await receiver.receiveMessages(1, { maxWaitTimeInMs: 10 })).toEqual([]);
    emulator.advance("30m");
    const [message] = await receiver.receiveMessages(1);
    expect(message?.body).toBe("later");
    emulator.advance(60_001);
    await expect(receiver.completeMessage(message!)).rejects.toMatchObject({ code: "MessageLockLost" });
    expect(emulator.now() - before).toBeGreaterThanOrEqual(31 * 60_000);
    expect(() => emulator.advance("soon")).toThrow(/"soon" is no duration: give milliseconds/);
  });

  it("says which port is taken, and what to change", async () => {
    const { amqpPort, httpPort } = await started();
    const taken = (port: number, flag: string): RegExp =>
      new RegExp(`^port ${port} on 127\\.0\\.0\\.1 is taken.*${flag}.*0 for a free one$`);
    await expect(startEmulator({ port: amqpPort, httpPort: 0 })).rejects.toThrow(taken(amqpPort, "--port"));
    await expect(startEmulator({ port: 0, httpPort })).rejects.toThrow(taken(httpPort, "--http-port"));
    await expect(startEmulator({ host: "203.0.113.7", port: 0, httpPort: 0 })).rejects.toThrow(
      /no address of this machine/,
    );
  });

  it("is loud about listening to others, and then asks them for a key that nobody can guess", async () => {
    const warnings: string[] = [];
    const emulator = await started({ host: "0.0.0.0", onWarning: (text) => warnings.push(text) });
    expect(warnings).toEqual([
      expect.stringMatching(/listens on 0\.0\.0\.0: whoever reaches this machine.*need the key/),
    ]);
    expect(emulator.serviceBus.connectionString).toMatch(
      /sb:\/\/localhost:\d+;.*SharedAccessKey=[\w+/=]{44};/,
    );
  });

  it("ends with clients attached, and twice as well as once", async () => {
    const emulator = await startEmulator({ port: 0, httpPort: 0, configs: [queues("q")] });
    const client = new ServiceBusClient(emulator.serviceBus.connectionString, quick);
    await client.createSender("q").sendMessages({ body: 1 });
    await Promise.all([emulator.close(), emulator.close()]);
    await emulator[Symbol.asyncDispose]();
    await client.close();
    await expect(fetch(`${emulator.eventGrid.endpoint}/health`)).rejects.toThrow();
  });

  it("starts again on the ports that it has left", async () => {
    const first = await startEmulator({ port: 0, httpPort: 0 });
    const { amqpPort, httpPort } = first;
    await first.close();
    const second = await started({ port: amqpPort, httpPort });
    expect(second.amqpPort).toBe(amqpPort);
  });
});
