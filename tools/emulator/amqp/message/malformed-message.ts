/** Bytes that are no AMQP message. For a door: `amqp:decode-error`. */
export class MalformedMessage extends Error {
  override readonly name = "MalformedMessage";
}
