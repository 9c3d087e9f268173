import type { Connection, Receiver, Transport } from "waybill/transport";
import { pause } from "./until.js";

/** An adapter with the mistake that no error shows: while `isDeaf`, its receivers get nothing, and nobody can look why. */
export const deaf = (transport: Transport, isDeaf: () => boolean): Transport => ({
  ...transport,
  connect: async (context) => {
    const connection = await transport.connect(context);
    const wrong: Connection = {
      sender: (destination) => connection.sender(destination),
      receiver: (source, options) => withoutWord(connection.receiver(source, options), isDeaf),
      deadLetters: (source) => connection.deadLetters(source),
      close: () => connection.close(),
    };
    return wrong;
  },
});

const withoutWord = (receiver: Receiver, isDeaf: () => boolean): Receiver => ({
  receive: async (max, signal) => {
    while (isDeaf() && !signal.aborted) await pause(10);
    return receiver.receive(max, signal);
  },
  settle: (requests) => receiver.settle(requests),
  renew: (deliveries) => receiver.renew(deliveries),
  close: () => receiver.close(),
});
