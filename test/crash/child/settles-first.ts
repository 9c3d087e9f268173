import type { Connection, Receiver, Transport } from "waybill/transport";

/** An adapter with the mistake that every crash finds: it settles what it receives, and then hands it over. */
export const settlesFirst = (transport: Transport): Transport => ({
  ...transport,
  connect: async (context) => {
    const connection = await transport.connect(context);
    const wrong: Connection = {
      sender: (destination) => connection.sender(destination),
      receiver: (source, options) => impatient(connection.receiver(source, options)),
      deadLetters: (source) => connection.deadLetters(source),
      close: () => connection.close(),
    };
    return wrong;
  },
});

const impatient = (receiver: Receiver): Receiver => ({
  receive: async (max, signal) => {
    const deliveries = await receiver.receive(max, signal);
    await receiver.settle(deliveries.map((delivery) => ({ delivery, action: { kind: "complete" } })));
    return deliveries;
  },
  settle: (requests) => requests.map(() => undefined),
  renew: (deliveries) => receiver.renew(deliveries),
  close: () => receiver.close(),
});
