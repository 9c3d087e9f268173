import { BrokerError } from "../broker-error.js";

/** A filter or action text that the broker refuses when the rule is created; nothing is stored. */
export class RuleSyntaxError extends BrokerError {
  constructor(
    message: string,
    /** Character of the expression at which it went wrong, counted from 1. */
    readonly position: number,
  ) {
    super("com.microsoft:argument-error", `${message} (at character ${String(position)})`);
  }
}
