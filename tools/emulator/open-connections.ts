import type { AmqpError, Connection, OpenConnection } from "./amqp/engine/engine.js";

/** Knows the connections that services serve, until the services have heard that they are gone. */
export class OpenConnections {
  readonly #open = new Set<Connection>();
  readonly #waiting = new Map<Connection, (() => void)[]>();

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
          for (const gone of this.#waiting.get(connection) ?? []) gone();
          this.#waiting.delete(connection);
        },
      };
    };
  }

  /** Says goodbye to all connections of now. Resolves when they are gone. */
  async disconnect(error: AmqpError): Promise<void> {
    const connections = this.all();
    const gone = connections.map((connection) => this.#gone(connection));
    for (const connection of connections) connection.close(error);
    await Promise.all(gone);
  }

  #gone(connection: Connection): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(connection) ?? [];
      this.#waiting.set(connection, [...waiting, resolve]);
    });
  }
}
