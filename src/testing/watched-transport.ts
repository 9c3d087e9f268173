import type { WaybillError } from "../errors.js";
import type {
  ConnectContext,
  Connection,
  Destination,
  MaybePromise,
  Outgoing,
  Receiver,
  ReceiverOptions,
  Sender,
  SendResult,
  Source,
  Transport,
} from "../transport/transport.js";

/** The steps of a transport that a test can make fail. */
export type FaultyStep = "send" | "settle" | "renew" | "receive" | "checkpoint";

/** A fault that waits for its step. */
export interface Fault {
  readonly step: FaultyStep;
  readonly error: WaybillError;
  /** Only at this address. Default: everywhere. */
  readonly address?: string;
  /** The step has its effect, but is reported as failed. Default false. */
  readonly afterEffect?: boolean;
}

/** What a watched connection has seen. */
export interface Watch {
  readonly faults: Fault[];
  readonly sent: { readonly destination: Destination; readonly outgoing: Outgoing }[];
  readonly sources: { readonly connection: Connection; readonly source: Source }[];
}

/** A transport that does what the inner one does, notes what is sent, and fails where it is told to. */
export function watchedTransport(inner: Transport, watch: Watch): Transport {
  return {
    name: inner.name,
    capabilities: inner.capabilities,
    connect: (context: ConnectContext) => {
      const connection = inner.connect(context);
      if (connection instanceof Promise) return connection.then((made) => watched(made, context, watch));
      return watched(connection, context, watch);
    },
  };
}

function watched(connection: Connection, context: ConnectContext, watch: Watch): Connection {
  for (const source of context.sources) watch.sources.push({ connection, source });
  return {
    sender: (destination) => watchedSender(connection.sender(destination), destination, watch),
    receiver: (source, options) => watchedReceiver(connection, source, options, watch),
    deadLetters: (source) => connection.deadLetters(source),
    ...(connection.recycle !== undefined ? { recycle: connection.recycle.bind(connection) } : {}),
    close: () => connection.close(),
  };
}

function watchedSender(sender: Sender, destination: Destination, watch: Watch): Sender {
  const send = (messages: readonly Outgoing[]): MaybePromise<readonly SendResult[]> => {
    const fault = takeFault(watch, "send", destination.address);
    if (fault !== undefined && fault.afterEffect !== true)
      return messages.map(() => ({ ok: false, error: fault.error }));
    for (const outgoing of messages) watch.sent.push({ destination, outgoing });
    const results = sender.send(messages);
    if (fault === undefined) return results;
    return messages.map(() => ({ ok: false, error: fault.error }));
  };
  const { cancel } = sender;
  return {
    send,
    ...(cancel !== undefined ? { cancel: cancel.bind(sender) } : {}),
    close: () => sender.close(),
  };
}

function watchedReceiver(
  connection: Connection,
  source: Source,
  options: ReceiverOptions,
  watch: Watch,
): Receiver {
  const receiver = connection.receiver(source, options);
  const { receiveDeferred, checkpoint, backlog } = receiver;
  const { address } = source;
  return {
    receive: (max, signal) => {
      const fault = takeFault(watch, "receive", address);
      if (fault !== undefined) throw fault.error;
      return receiver.receive(max, signal);
    },
    settle: (requests) => {
      const fault = takeFault(watch, "settle", address);
      if (fault === undefined) return receiver.settle(requests);
      if (fault.afterEffect === true) void receiver.settle(requests);
      return requests.map(() => fault.error);
    },
    renew: (deliveries) => {
      const fault = takeFault(watch, "renew", address);
      if (fault === undefined) return receiver.renew(deliveries);
      if (fault.afterEffect === true) void receiver.renew(deliveries);
      return deliveries.map(() => fault.error);
    },
    ...(receiveDeferred !== undefined ? { receiveDeferred: receiveDeferred.bind(receiver) } : {}),
    ...(checkpoint !== undefined
      ? {
          checkpoint: (delivery) => {
            const fault = takeFault(watch, "checkpoint", address);
            if (fault === undefined) return checkpoint.call(receiver, delivery);
            if (fault.afterEffect === true) void checkpoint.call(receiver, delivery);
            throw fault.error;
          },
        }
      : {}),
    ...(backlog !== undefined ? { backlog: backlog.bind(receiver) } : {}),
    close: () => receiver.close(),
  };
}

function takeFault(watch: Watch, step: FaultyStep, address: string): Fault | undefined {
  const index = watch.faults.findIndex(
    (fault) => fault.step === step && (fault.address === undefined || fault.address === address),
  );
  return index < 0 ? undefined : watch.faults.splice(index, 1)[0];
}
