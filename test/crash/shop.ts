import { run, service } from "waybill";
import type { Transport } from "waybill/transport";
import { collectorName, queues, streams, type Does } from "./contracts.js";
import type { Accepted, Ledger } from "./ledger.js";
import type { TransportName } from "./points.js";

/** Who sends the work and takes the follow-up messages: a service of the parent, which lives. */
export interface Shop {
  /** Sends one message after the other; what the broker took is in the ledger. */
  send(messages: readonly Accepted[]): Promise<void>;
  close(): Promise<void>;
}

interface FollowUp {
  readonly id: string;
  readonly data: { readonly n: number; readonly does: Does };
}

export async function openShop(name: TransportName, transport: Transport, ledger: Ledger): Promise<Shop> {
  const taking = (channel: string) => ({
    followUp: ({ id, data }: FollowUp) => {
      ledger.followUp(channel, data.n, id);
    },
  });
  if (name === "event-hubs") {
    const { orders, bills, mails } = streams;
    const shop = service(collectorName)
      .sends(orders)
      .read(bills, taking("bills"), { checkpoint: { events: 1 } })
      .read(mails, taking("mails"), { checkpoint: { events: 1 } });
    const app = await run(shop, { transport });
    return shopOf(ledger, (data, id) => app.send(orders.job, data, { id }), app);
  }
  const { orders, bills, mails } = queues;
  const shop = service(collectorName)
    .sends(orders)
    .consume(bills, taking("bills"))
    .consume(mails, taking("mails"));
  const app = await run(shop, { transport });
  return shopOf(ledger, (data, id) => app.send(orders.job, data, { id }), app);
}

const shopOf = (
  ledger: Ledger,
  send: (data: FollowUp["data"], id: string) => Promise<unknown>,
  app: { stop(): Promise<unknown> },
): Shop => ({
  send: async (messages) => {
    for (const message of messages) {
      const { id, n, does } = message;
      await send({ n, does }, id);
      ledger.accept(message);
    }
  },
  close: async () => {
    await app.stop();
  },
});
