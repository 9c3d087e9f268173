import { getRequestListener } from "@hono/node-server";
import { createServer, type Server, type ServerOptions } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import { createApp, type AppOptions } from "./app.js";
import { defaultHttpLimits, type HttpLimits } from "./limits.js";
import { listenOnOnePort } from "./one-port.js";

/** Options of {@link startHttpServer}. */
export interface HttpServerOptions extends Omit<AppOptions, "limits"> {
  /** Default `127.0.0.1`: this machine alone. */
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** With a certificate, TLS clients are served on the same port. PEM. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
  readonly limits?: Partial<HttpLimits>;
}

export interface HttpServer {
  readonly port: number;
  /** Whether it accepts connections. */
  readonly listening: boolean;
  /** Stops accepting and cuts every connection, those of waiting receivers too. */
  close(): Promise<void>;
}

/**
 * Serves the emulator's HTTP side: Service Bus and Event Hubs administration, Event Grid, and `/health`.
 *
 * Plain HTTP and HTTPS share one port. Rejects when the port is taken.
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const limits: HttpLimits = { ...defaultHttpLimits, ...options.limits };
  const app = createApp({ ...options, limits });
  const answer = getRequestListener((request, env) => app.fetch(request, env), {
    overrideGlobalObjects: false,
  });
  const listener = (...[incoming, outgoing]: Parameters<typeof answer>): void => {
    void answer(incoming, outgoing);
  };
  const serverOptions = nodeOptions(limits);
  const plain = createServer(serverOptions, listener);
  const secure =
    options.tls === undefined ? undefined : createTlsServer({ ...serverOptions, ...options.tls }, listener);
  // A client that gives up during its handshake is no error of ours.
  secure?.on("tlsClientError", () => undefined);
  const servers: readonly Server[] = secure === undefined ? [plain] : [plain, secure];
  for (const server of servers) {
    // No bound here: the bound on their bytes holds, and the app refuses what is above its own instead of dropping it.
    server.maxHeadersCount = 0;
    // These servers accept no connections themselves, and this event alone starts the watch over their time limits.
    server.emit("listening");
  }
  const give = (server: Server) => (socket: Socket) => server.emit("connection", socket);
  const port = await listenOnOnePort(
    {
      host: options.host ?? "127.0.0.1",
      port: options.port,
      maxConnections: limits.maxConnections,
      firstByteTimeoutMs: limits.headersTimeoutMs,
    },
    { plain: give(plain), ...(secure === undefined ? {} : { tls: give(secure) }) },
  );
  return {
    port: port.port,
    get listening() {
      return port.listening;
    },
    async close() {
      await port.close();
      for (const server of servers) server.close();
    },
  };
}

function nodeOptions(limits: HttpLimits): ServerOptions {
  const { headersTimeoutMs, requestTimeoutMs, maxHeaderBytes } = limits;
  return {
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: headersTimeoutMs,
    requestTimeout: Math.max(requestTimeoutMs, headersTimeoutMs),
    connectionsCheckingInterval: Math.max(50, Math.min(1_000, headersTimeoutMs / 2)),
    keepAliveTimeout: 60_000,
  };
}
