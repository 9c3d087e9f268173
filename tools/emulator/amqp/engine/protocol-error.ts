/**
 * What a peer did against the protocol. `connection` closes its connection, `session` ends the session of the frame,
 * `link` detaches the link: each with this condition.
 */
export class ProtocolError extends Error {
  override readonly name: string = "ProtocolError";

  constructor(
    readonly scope: "connection" | "session" | "link",
    readonly condition: string,
    description: string,
  ) {
    super(description);
  }
}

/** Bytes that are no AMQP value, or one beyond the limits. */
export class AmqpDecodeError extends ProtocolError {
  override readonly name = "AmqpDecodeError";

  constructor(description: string) {
    super("connection", "amqp:decode-error", description);
  }
}
