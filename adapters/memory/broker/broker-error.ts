/** A refusal by the broker. `condition` is the AMQP error condition that Azure uses for the same case. */
export class BrokerError extends Error {
  override readonly name = "BrokerError";
  /** For example `com.microsoft:message-lock-lost`. */
  readonly condition: string;

  constructor(condition: string, message: string) {
    super(message);
    this.condition = condition;
  }
}
