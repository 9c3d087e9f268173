import type { Sent } from "../contracts/send-options.js";

/**
 * The promise that `ctx.send` gives. It knows whether anybody looked at it: the failure of a send that the handler
 * did not await must fail the delivery, the failure of one that it caught must not.
 */
export class PendingSend extends Promise<Sent> {
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  #observed = false;

  get observed(): boolean {
    return this.#observed;
  }

  override then<A = Sent, B = never>(
    onFulfilled?: ((value: Sent) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#observed = true;
    return super.then(onFulfilled, onRejected);
  }

  /** Waits for the end without counting as somebody who looked. Gives the error, if it failed. */
  settled(): Promise<Error | undefined> {
    return super.then(
      () => undefined,
      (error: unknown) => error as Error,
    );
  }
}
