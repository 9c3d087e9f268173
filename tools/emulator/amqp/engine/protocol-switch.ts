import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket, createServer } from "node:tls";
import type { Server } from "node:tls";
import type { EngineLimits } from "./engine.js";
import { webSocketListener } from "./web-socket.js";

/** In PEM. */
export interface TlsFiles {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

/**
 * Tells by a socket's first byte what is spoken on it, and serves AMQP, plain or within TLS, a WebSocket or both. A socket
 * that does not get to AMQP in time is cut.
 * @throws {Error} The certificate is broken.
 */
export function protocolSwitch(
  tls: TlsFiles | undefined,
  limits: EngineLimits,
  serve: (stream: Duplex) => void,
): (socket: Socket) => void {
  const deadlines = new WeakMap<Duplex, NodeJS.Timeout>();
  const arrived = (socket: Duplex): void => clearTimeout(deadlines.get(socket));
  const web = webSocketListener(limits, (stream, socket) => {
    arrived(socket);
    serve(stream);
  });
  const take = (socket: Socket): void => {
    deadlines.set(socket, setTimeout(() => socket.destroy(), limits.handshakeMs).unref());
    socket.on("close", () => arrived(socket));
    socket.on("error", () => socket.destroy());
    sniff(socket, (protocol) => {
      if (protocol === "tls" && secure !== undefined && !(socket instanceof TLSSocket)) {
        // It takes what was put back by itself, then reads the socket's handle, and bounds its own handshake.
        arrived(socket);
        secure.emit("connection", socket);
        return;
      }
      if (protocol === "http") web.take(socket);
      else {
        arrived(socket);
        serve(socket);
      }
      socket.resume();
    });
  };
  const secure = tls === undefined ? undefined : secureServer(tls, limits, take);
  return take;
}

function secureServer(tls: TlsFiles, limits: EngineLimits, take: (socket: Socket) => void): Server {
  const server = createServer({ ...tls, handshakeTimeout: limits.handshakeMs }, take);
  server.on("tlsClientError", (_, socket) => socket.destroy());
  return server;
}

type Protocol = "amqp" | "tls" | "http";

/** Waits for the first bytes, puts them back, pauses the socket and tells what they announce. */
function sniff(socket: Socket, on: (protocol: Protocol) => void): void {
  socket.once("data", (chunk: Buffer) => {
    socket.pause();
    socket.unshift(chunk);
    on(protocolOf(chunk[0]!));
  });
}

function protocolOf(first: number): Protocol {
  // The type "handshake" of a TLS record.
  if (first === 0x16) return "tls";
  // "AMQP" begins with the one capital letter that begins no method of HTTP.
  return first > 0x41 && first <= 0x5a ? "http" : "amqp";
}
