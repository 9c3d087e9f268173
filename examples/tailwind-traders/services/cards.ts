/** What billing asks of a payment provider. */
export interface Cards {
  /**
   * Charges a card. Calls with one key charge once and get the same answer.
   * @throws if there is no answer: then the card may have been charged or not.
   */
  charge(request: ChargeRequest, options: ChargeOptions): Promise<void>;
}

export interface ChargeRequest {
  readonly orderId: string;
  readonly pence: number;
}

export interface ChargeOptions {
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
}
