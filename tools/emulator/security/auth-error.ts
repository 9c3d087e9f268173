/** A token is refused. The text never repeats the token or a key. */
export class AuthError extends Error {
  override readonly name = "AuthError";
  /** AMQP condition of the answer. */
  readonly condition: string;

  constructor(
    /** As in HTTP, and in the answer of a `$cbs` node. */
    readonly statusCode: 400 | 401,
    message: string,
  ) {
    super(message);
    this.condition = statusCode === 401 ? "com.microsoft:auth-failed" : "com.microsoft:argument-error";
  }
}
