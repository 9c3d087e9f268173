import { createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** Where accepted sockets go. */
export interface SocketHandlers {
  readonly plain: (socket: Socket) => void;
  /** Absent: a TLS client is cut off. */
  readonly tls?: (socket: Socket) => void;
}

export interface OnePortOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly maxConnections: number;
  /** How long a connection may stay silent before its first byte. */
  readonly firstByteTimeoutMs: number;
}

/** A listener that accepts; `close` ends it and every connection that it accepted. */
export interface OnePort {
  readonly port: number;
  readonly listening: boolean;
  close(): Promise<void>;
}

/**
 * Serves TLS and plain text on one port. A TLS client speaks first, and its first byte says so: 0x16, a handshake record
 * (RFC 8446, 5.1), which begins no HTTP method.
 */
export async function listenOnOnePort(options: OnePortOptions, handlers: SocketHandlers): Promise<OnePort> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // Whoever takes the socket over listens as well; until then, and after it, a reset is nobody's problem.
    socket.on("error", () => undefined);
    handOver(socket, options.firstByteTimeoutMs, handlers);
  });
  server.maxConnections = options.maxConnections;
  const { port } = await listen(server, options);
  return {
    port,
    get listening() {
      return server.listening;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        for (const socket of sockets) socket.destroy();
      }),
  };
}

const tlsHandshake = 0x16;

function handOver(socket: Socket, firstByteTimeoutMs: number, handlers: SocketHandlers): void {
  const impatience = (): void => {
    socket.destroy();
  };
  socket.setTimeout(firstByteTimeoutMs, impatience);
  socket.once("readable", () => {
    socket.setTimeout(0);
    socket.off("timeout", impatience);
    const first = socket.read() as Buffer | null;
    if (first === null) {
      socket.destroy();
      return;
    }
    socket.unshift(first);
    const handler = first[0] === tlsHandshake ? handlers.tls : handlers.plain;
    if (handler === undefined) socket.destroy();
    else handler(socket);
  });
}

function listen(server: Server, { host, port }: OnePortOptions): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      // A listener that fails later, as when descriptors run out, must not take the process with it.
      server.on("error", () => undefined);
      const address = server.address();
      if (address === null || typeof address === "string")
        reject(new Error("The listener has no TCP address."));
      else resolve(address);
    });
  });
}
