import { once } from "node:events";
import rhea from "rhea";
import { workers } from "../measure.js";

/** The message-format of a batch, as Microsoft's clients send it. */
const batchFormat = 0x80013700;

/** rhea alone as a client. */
export interface RheaSender {
  /** One transfer for that many messages in the shape of Microsoft's batches, `inFlight` of them at a time. */
  sendBatches(batches: number, size: number, inFlight: number): Promise<unknown>;
  /** One transfer for each message, as many as the server grants at a time. */
  sendSingly(messages: number): Promise<unknown>;
  close(): void;
}

/** A client whose every message has this body. */
export async function rheaSender(port: number, address: string, body: Buffer): Promise<RheaSender> {
  const connection = rhea
    .create_container()
    .connect({ host: "127.0.0.1", port, username: "guest", reconnect: false });
  const sender = connection.open_sender({ target: { address } });
  await once(sender, "sendable");
  const message = (): rhea.Message => ({ body: rhea.message.data_section(body) as unknown });
  const waiting = new Map<rhea.Delivery, () => void>();
  sender.on("accepted", ({ delivery }: rhea.EventContext) => {
    waiting.get(delivery!)?.();
    waiting.delete(delivery!);
  });
  const accepted = (delivery: rhea.Delivery): Promise<void> =>
    new Promise((resolve) => waiting.set(delivery, resolve));
  return {
    sendBatches(batches, size, inFlight) {
      let left = batches;
      return workers(inFlight, async () => {
        while (left-- > 0) {
          const members = Array.from({ length: size }, () => rhea.message.encode(message()));
          const batch = rhea.message.encode({ body: rhea.message.data_sections(members) as unknown });
          await accepted(sender.send(batch, undefined, batchFormat));
        }
      });
    },
    async sendSingly(messages) {
      const all: Promise<void>[] = [];
      while (all.length < messages) {
        while (sender.sendable() && all.length < messages) all.push(accepted(sender.send(message())));
        if (all.length < messages) await once(sender, "sendable");
      }
      await Promise.all(all);
    },
    close: () => connection.close(),
  };
}
