import { once } from "node:events";
import { connectRhea, openSender } from "../emulator/engine/rhea-client.js";

/**
 * Sends a valid AMQP message of which the SDK's decoder makes nothing: lists within lists, 15,000 deep (of 3,000 it sometimes
 * makes something, when its code is compiled), at which it runs out of
 * stack.
 */
export async function sendPoison(port: number, address: string, sessionId?: string): Promise<void> {
  const connection = await connectRhea(port);
  const sender = await openSender(connection, address);
  const accepted = once(sender, "accepted");
  sender.send(Buffer.concat([...propertiesOf(sessionId), nestedBody()]), undefined, 0);
  await accepted;
  connection.close();
}

function nestedBody(): Buffer {
  let value = Buffer.from([0x45]);
  for (let depth = 0; depth < 15_000; depth += 1) {
    const head = Buffer.alloc(9);
    head[0] = 0xd0;
    head.writeUInt32BE(value.length + 4, 1);
    head.writeUInt32BE(1, 5);
    value = Buffer.concat([head, value]);
  }
  return Buffer.concat([Buffer.from([0x00, 0x53, 0x77]), value]);
}

/** The properties section with nothing but the group id, its eleventh field. */
function propertiesOf(sessionId: string | undefined): readonly Buffer[] {
  if (sessionId === undefined) return [];
  const id = Buffer.from(sessionId);
  const fields = Buffer.concat([Buffer.alloc(10, 0x40), Buffer.from([0xa1, id.length]), id]);
  return [Buffer.from([0x00, 0x53, 0x73, 0xc0, fields.length + 1, 11]), fields];
}
