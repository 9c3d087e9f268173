/** An HTTP request that the owner of the notifier must make, and then answer with `notifier.answer(id, …)`. */
export interface DeliveryRequest {
  readonly id: string;
  readonly topic: string;
  readonly subscription: string;
  readonly method: "POST" | "OPTIONS";
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON; empty for OPTIONS. */
  readonly body: string;
}
