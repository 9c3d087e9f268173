import { message as rhea, types, type Message } from "rhea";

/** What rhea, the codec of Microsoft's SDK, makes of a message. */
export const encodeByRhea = (message: Message): Buffer => rhea.encode(message);

/** What rhea reads in a message that came in parts. */
export const decodeByRhea = (parts: readonly Uint8Array[]): Message =>
  rhea.decode(Buffer.concat(parts)) as unknown as Message;

/** A message of a batch, as the SDKs build it: each member whole, in a data section of its own. */
export function encodeBatchByRhea(members: readonly Buffer[], envelope: Partial<Message> = {}): Buffer {
  return rhea.encode({ ...envelope, body: dataSections(members) });
}

/** Bodies for {@link encodeByRhea}; anything else is a value. */
export const dataSection = (bytes: Uint8Array): unknown => rhea.data_section(Buffer.from(bytes));
export const dataSections = (parts: readonly Uint8Array[]): unknown =>
  rhea.data_sections(parts.map((part) => Buffer.from(part)));
export const sequenceSection = (list: readonly unknown[]): unknown => rhea.sequence_section(list);

export { types };
