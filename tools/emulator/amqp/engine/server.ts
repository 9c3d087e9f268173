import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { ServerConnection } from "./connection.js";
import type { ServerContext } from "./connection.js";
import type { AmqpError, Connection, EngineLimits, FrameTap, OpenConnection } from "./engine.js";
import { engineLimits } from "./limits.js";
import { protocolSwitch } from "./protocol-switch.js";
import type { TlsFiles } from "./protocol-switch.js";

export interface AmqpServerOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** With it the same port also speaks TLS. */
  readonly tls?: TlsFiles;
  readonly limits?: Partial<EngineLimits>;
  readonly open: OpenConnection;
  readonly tap?: FrameTap;
  /** What we call ourselves. Default `waybill-emulator`. */
  readonly containerId?: string;
  /** A handler or the tap threw, which closed the connection. Default: nobody is told. */
  readonly onError?: (error: unknown, connection: Connection) => void;
}

export interface AmqpServer {
  readonly port: number;
  /** Those whose peer has said `open`. */
  connections(): readonly Connection[];
  /** Says goodbye to the peers of now. Resolves when their sockets are gone, which is soon: see the limit `closeMs`. */
  disconnect(error: AmqpError): Promise<void>;
  /** Says goodbye to all peers, waits a moment for their answers, and cuts what is left. */
  close(): Promise<void>;
}

/**
 * Listens for AMQP, plain or over WebSockets, and for both over TLS if there is a certificate: all on one port.
 * @throws {Error} The address is in use or not ours, or the certificate is broken.
 */
export async function startAmqpServer(options: AmqpServerOptions): Promise<AmqpServer> {
  const limits = engineLimits(options.limits);
  const connections = new Set<ServerConnection>();
  const goodbyes = new Set<Goodbye>();
  const disconnect = async (error: AmqpError): Promise<void> => {
    const goodbye = new Goodbye(connections, limits.closeMs);
    goodbyes.add(goodbye);
    await goodbye.say(error);
    goodbyes.delete(goodbye);
  };
  const context: ServerContext = {
    limits,
    containerId: options.containerId ?? "waybill-emulator",
    open: options.open,
    tap: options.tap,
    onError: options.onError ?? (() => undefined),
    onClosed: (connection) => {
      connections.delete(connection);
      for (const goodbye of goodbyes) goodbye.gone(connection);
    },
    budget: { partialBytes: 0 },
    deliveryIds: { next: 0 },
  };
  const take = protocolSwitch(options.tls, limits, (stream) => {
    connections.add(new ServerConnection(stream, context));
  });
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    take(socket);
  });
  server.maxConnections = limits.maxConnections;
  return {
    port: await listen(server, options),
    connections: () => [...connections].filter((connection) => connection.phase === "open"),
    disconnect,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      await disconnect({ condition: "amqp:connection:forced", description: "The server is shutting down." });
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function listen(server: Server, { host, port }: AmqpServerOptions): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, host, resolve);
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

/** Closes the connections of now and waits until they are gone, but not for long. */
class Goodbye {
  private readonly leaving: Set<ServerConnection>;
  private done: (() => void) | undefined;

  constructor(
    connections: ReadonlySet<ServerConnection>,
    private readonly waitMs: number,
  ) {
    this.leaving = new Set(connections);
  }

  async say(error: AmqpError): Promise<void> {
    for (const connection of this.leaving) connection.close(error);
    if (this.leaving.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.waitMs);
      this.done = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  gone(connection: ServerConnection): void {
    this.leaving.delete(connection);
    if (this.leaving.size === 0) this.done?.();
  }
}
