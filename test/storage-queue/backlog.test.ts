import { expect, it } from "vitest";
import { command, queue } from "waybill/contracts";
import { realRuntime } from "waybill/transport";
import * as z from "zod";
import { azuriteQueues } from "./queues.js";

const queues = azuriteQueues();

const charge = command("billing.charge", { version: 1, schema: z.object({ orderId: z.string() }) });
const billing = queue("billing", { messages: { charge } });
const source = { kind: "queue", channel: billing["~channel"], address: "billing" } as const;

it("A receiver of a storage queue sees by a look what waits, the same each time, and not what it has or nobody can have yet", async () => {
  const [client] = await Promise.all([queues.create("billing"), queues.create("billing-poison")]);
  const connection = await queues
    .transport()
    .connect({ service: "shop", runtime: realRuntime(), destinations: [], sources: [source] });
  const receiver = connection.receiver(source, {
    lanes: 1,
    perLane: 1,
    startFrom: "earliest",
    onLost: () => undefined,
  });
  expect(await receiver.backlog?.()).toBeUndefined();
  await client.sendMessage("later", { visibilityTimeout: 3_600 });
  expect(await receiver.backlog?.()).toBeUndefined();
  const { messageId: id } = await client.sendMessage("now");
  expect(await receiver.backlog?.()).toEqual({ id, mayBeLocked: false });
  expect(await receiver.backlog?.()).toEqual({ id, mayBeLocked: false });
  const [delivery] = await receiver.receive(1, new AbortController().signal);
  expect(await receiver.backlog?.()).toBeUndefined();
  if (delivery !== undefined) await receiver.settle([{ delivery, action: { kind: "complete" } }]);
  await connection.close();
});
