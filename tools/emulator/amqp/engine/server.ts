import { createServer } from "node:net";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { ServerConnection } from "./connection.js";
import type { ServerContext } from "./connection.js";
import type { Connection, EngineLimits, FrameTap, OpenConnection } from "./engine.js";
import { engineLimits } from "./limits.js";

export interface AmqpServerOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Both in PEM. With it the same port also speaks TLS. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
  readonly limits?: Partial<EngineLimits>;
  readonly open: OpenConnection;
  readonly tap?: FrameTap;
  /** What we call ourselves. Default `waybill-emulator`. */
  readonly containerId?: string;
  /** A handler threw, which closed its connection. Default: nobody is told. */
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
 * Listens for AMQP.
 * @throws {Error} The address is in use, or not ours.
 */
export async function startAmqpServer(options: AmqpServerOptions): Promise<AmqpServer> {
  const limits = engineLimits(options.limits);
  const connections = new Set<ServerConnection>();
  const sockets = new Set<Socket>();
  const context: ServerContext = {
    limits,
    containerId: options.containerId ?? "waybill-emulator",
    open: options.open,
    tap: options.tap,
    onError: options.onError ?? (() => undefined),
    onClosed: (connection) => void connections.delete(connection),
    budget: { partialBytes: 0 },
  };
  const serve = (stream: Duplex): void => void connections.add(new ServerConnection(stream, context));
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    serve(socket);
  });
  server.maxConnections = limits.maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(options.port, options.host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : options.port,
    connections: () => [...connections].filter((connection) => connection.phase === "open"),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const connection of connections) {
          connection.close({
            condition: "amqp:connection:forced",
            description: "The server is shutting down.",
          });
        }
        setTimeout(() => {
          for (const socket of sockets) socket.destroy();
        }, limits.closeMs).unref();
      }),
  };
}
