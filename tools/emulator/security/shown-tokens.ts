import type { ConnectionClaims } from "./connection-claims.js";

/** The tokens that the connections of one emulator have shown. */
export class ShownTokens {
  readonly #connections = new Set<ConnectionClaims>();

  add(claims: ConnectionClaims): void {
    this.#connections.add(claims);
  }

  remove(claims: ConnectionClaims): void {
    this.#connections.delete(claims);
  }

  /** Lets all of them expire now. New ones are as good as ever. */
  expire(): void {
    for (const claims of [...this.#connections]) claims.expire();
  }
}
