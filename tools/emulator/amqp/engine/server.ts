import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { ServerConnection } from "./connection.js";
import type { ServerContext } from "./connection.js";
import type { Connection, EngineLimits, FrameTap, OpenConnection } from "./engine.js";
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
  const goodbye = new Goodbye(connections, limits.closeMs);
  const context: ServerContext = {
    limits,
    containerId: options.containerId ?? "waybill-emulator",
    open: options.open,
    tap: options.tap,
    onError: options.onError ?? (() => undefined),
    onClosed: (connection) => {
      connections.delete(connection);
      goodbye.check();
    },
    budget: { partialBytes: 0 },
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
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      await goodbye.say();
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

/** Closes all connections and waits until they are gone, but not for long. */
class Goodbye {
  private done: (() => void) | undefined;

  constructor(
    private readonly connections: ReadonlySet<ServerConnection>,
    private readonly waitMs: number,
  ) {}

  async say(): Promise<void> {
    for (const connection of this.connections) {
      connection.close({ condition: "amqp:connection:forced", description: "The server is shutting down." });
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.waitMs);
      this.done = () => {
        clearTimeout(timer);
        resolve();
      };
      this.check();
    });
  }

  /** Some connection has gone. */
  check(): void {
    if (this.connections.size === 0) this.done?.();
  }
}
