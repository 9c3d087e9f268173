import { ServiceBusClient } from "@azure/service-bus";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run, service } from "waybill";
import { command, queue } from "waybill/contracts";
import { clientOptions, serviceBus } from "waybill/service-bus";
import { startEmulator, type Emulator } from "waybill-tools/emulator";
import * as z from "zod";

const charge = command("billing.charge", { version: 1, schema: z.object({ orderId: z.string() }) });
const billing = queue("billing", { messages: { charge } });

let emulator: Emulator;

beforeAll(async () => {
  emulator = await startEmulator({ port: 0, httpPort: 0, contracts: [{ billing }] });
});

afterAll(() => emulator.close());

const transport = () =>
  serviceBus({ client: () => new ServiceBusClient(emulator.serviceBus.connectionString, clientOptions) });

describe("a service on Service Bus", () => {
  it("sends to a queue, handles what comes and settles it", async () => {
    let handled: (orderId: string) => void = () => undefined;
    const first = new Promise<string>((resolve) => (handled = resolve));
    const billingService = service("billing")
      .sends(billing)
      .consume(billing, {
        charge: ({ data }) => {
          handled(data.orderId);
        },
      });
    const app = await run(billingService, { transport: transport() });
    await app.send(billing.charge, { orderId: "536365" });
    expect(await first).toBe("536365");
    await app.stop();
    const { counts } = emulator.namespace().broker.getQueue("billing");
    expect([counts.active, counts.deadLetter]).toEqual([0, 0]);
  });
});
