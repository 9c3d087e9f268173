import type { Connection, OpenConnection } from "./amqp/engine/engine.js";

/** Knows the connections that services serve. */
export class OpenConnections {
  readonly #open = new Set<Connection>();

  all(): readonly Connection[] {
    return [...this.#open];
  }

  around(open: OpenConnection): OpenConnection {
    return (connection) => {
      this.#open.add(connection);
      const inner = open(connection);
      return {
        attach: (request) => {
          inner.attach(request);
        },
        closed: () => {
          this.#open.delete(connection);
          inner.closed();
        },
      };
    };
  }
}
