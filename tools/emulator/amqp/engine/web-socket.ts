import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, createWebSocketStream } from "ws";

/** Serves AMQP over WebSockets to streams on which HTTP is spoken. */
export interface WebSocketListener {
  take(stream: Duplex): void;
}

/**
 * Makes a listener that upgrades requests for `/$servicebus/websocket` to the subprotocol `AMQPWSB10`, as all SDKs ask
 * for; whoever names no subprotocol gets the same. Every other request is refused.
 */
export function webSocketListener(
  { maxUnreadBytes }: { readonly maxUnreadBytes: number },
  onStream: (stream: Duplex, socket: Duplex) => void,
): WebSocketListener {
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
    handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
  });
  const http = createServer((_, response) => {
    response.writeHead(426, { connection: "close", upgrade: "websocket", "content-type": "text/plain" });
    response.end("This port speaks AMQP, also over WebSockets.\n");
  });
  http.on("upgrade", (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on("error", () => stream.destroy());
    if (request.url?.split("?")[0]?.toLowerCase() !== path) {
      stream.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    sockets.handleUpgrade(request, stream, head, (socket) => {
      // Answers to pings pass by the backpressure of the stream.
      socket.on("ping", () => {
        if (socket.bufferedAmount > maxUnreadBytes * 2) socket.terminate();
      });
      onStream(createWebSocketStream(socket), stream);
    });
  });
  return {
    take: (stream) => http.emit("connection", stream),
  };
}

const path = "/$servicebus/websocket";
const subprotocol = "AMQPWSB10";
/** One message of WebSockets may hold many frames. */
const maxMessageBytes = 4_194_304;
