import { startAmqpServer } from "../../../tools/emulator/amqp/engine/server.js";
import type { AmqpServer, AmqpServerOptions } from "../../../tools/emulator/amqp/engine/server.js";
import type {
  Connection,
  ConnectionHandler,
  IncomingDelivery,
  LinkRequest,
  SenderLink,
} from "../../../tools/emulator/amqp/engine/engine.js";

/**
 * A server with one list of messages per address: what is sent to an address is given to whoever receives from it, in
 * order. Whatever the address `missing` is asked for is refused, `silent` is never answered,
 * `narrow` takes one message.
 */
export interface EchoServer extends AmqpServer {
  /** Held requests, in order. */
  readonly held: LinkRequest[];
  /** What has happened, in words. */
  readonly log: string[];
  readonly errors: unknown[];
  /** Resolves when the log has this line. */
  logged(line: string): Promise<void>;
}

export async function startEchoServer(
  options: Partial<AmqpServerOptions> = {},
  serve: (connection: Connection, echo: ConnectionHandler) => ConnectionHandler = (_, echo) => echo,
): Promise<EchoServer> {
  const log: string[] = [];
  const held: LinkRequest[] = [];
  const errors: unknown[] = [];
  const waiting = new Map<string, () => void>();
  const write = (line: string): void => {
    log.push(line);
    waiting.get(line)?.();
  };
  const boxes = new Map<string, Box>();
  const box = (address: string): Box => {
    const found = boxes.get(address) ?? new Box(address !== "narrow");
    boxes.set(address, found);
    return found;
  };
  const echo = (connection: Connection): ConnectionHandler => ({
    attach(request) {
      const address = (request.role === "sender" ? request.source : request.target)?.address ?? "";
      if (address === "missing")
        return request.refuse({ condition: "amqp:not-found", description: "not here" });
      if (address === "silent") {
        held.push(request);
        request.onWithdrawn(() => write(`withdrawn ${request.name}`));
        return write(`held ${request.name}`);
      }
      if (request.role === "sender") acceptSender(request, box(address), write);
      else acceptReceiver(request, box(address), write);
    },
    closed: () => write(`closed ${connection.containerId}`),
  });
  const server = await startAmqpServer({
    host: "127.0.0.1",
    port: 0,
    open: (connection) => serve(connection, echo(connection)),
    onError: (error) => errors.push(error),
    ...options,
    // Raw peers do not answer a close.
    limits: { closeMs: 50, ...options.limits },
  });
  return {
    ...server,
    held,
    log,
    errors,
    logged: (line) =>
      new Promise((resolve) => {
        if (log.includes(line)) resolve();
        else waiting.set(line, resolve);
      }),
  };
}

class Box {
  readonly messages: IncomingDelivery[] = [];
  readonly links = new Set<SenderLink>();
  private tag = 0;

  constructor(readonly keepsGranting: boolean) {}

  put(message: IncomingDelivery): void {
    this.messages.push(message);
    for (const link of this.links) this.give(link);
  }

  give(link: SenderLink): void {
    while (link.credit > 0) {
      const message = this.messages.shift();
      if (message === undefined) return;
      const tag = Buffer.alloc(4);
      tag.writeUInt32BE(this.tag++);
      link.send({ payload: [message.payload], tag, settled: false, format: message.format });
    }
  }
}

function acceptSender(request: LinkRequest, box: Box, write: (line: string) => void): void {
  const link = request.acceptAsSender({
    flow(sender, drain) {
      box.give(sender);
      if (drain) sender.drained();
    },
    disposition(_, delivery, state, settled) {
      write(`${state.type}${settled ? " settled" : ""}`);
      delivery.settle(state);
    },
    detached(sender) {
      box.links.delete(sender);
      write(`detached ${sender.name}`);
    },
  });
  box.links.add(link);
}

function acceptReceiver(request: LinkRequest, box: Box, write: (line: string) => void): void {
  const link = request.acceptAsReceiver(
    {
      message(receiver, delivery) {
        box.put(delivery);
        delivery.settle({ type: "accepted" });
        if (box.keepsGranting) receiver.grant(1);
      },
      detached: (receiver) => write(`detached ${receiver.name}`),
    },
    { maxMessageSize: 1_048_576 },
  );
  link.grant(box.keepsGranting ? 100 : 1);
}
