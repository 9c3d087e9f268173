import { memory } from "../../adapters/memory/index.js";
import type { WaybillError } from "../../src/errors.js";
import type {
  BacklogEvidence,
  Connection,
  Delivery,
  MaybePromise,
  Receiver,
  Source,
  ReceiverOptions,
  Transport,
} from "../../src/transport/transport.js";

/** A receiver as its script sees it. */
export interface Opened {
  /** From 1. */
  readonly nth: number;
  /** Of the client that it was opened over, from 0. */
  readonly client: number;
  readonly apart: boolean;
  readonly asked: number[];
  closed: boolean;
}

/** What goes wrong, to be changed while a test runs. */
export interface Script {
  /** Receives of such a receiver are not answered, until they are let go. */
  silent: (receiver: Opened) => boolean;
  /** Instead of what the broker says. */
  backlog: (() => MaybePromise<BacklogEvidence | undefined>) | undefined;
  receiveFails: WaybillError | undefined;
  recycleFails: WaybillError | undefined;
  readonly opened: Opened[];
  looks: number;
  recycled: number;
  /** Answers the silent receives with what their receivers have by now. */
  letGo: () => void;
}

/** The in-memory transport, with a script for what its receivers do. */
export function scripted(): { readonly transport: Transport; readonly script: Script } {
  const inner = memory();
  const held: (() => void)[] = [];
  const script: Script = {
    silent: () => false,
    backlog: undefined,
    receiveFails: undefined,
    recycleFails: undefined,
    opened: [],
    looks: 0,
    recycled: 0,
    letGo: () => {
      for (const go of held.splice(0)) go();
    },
  };
  const transport: Transport = {
    ...inner,
    connect: async (context) => {
      const connection = await inner.connect(context);
      return {
        sender: (destination) => connection.sender(destination),
        receiver: (source, options) => receiverOf(connection, source, options, script, held),
        deadLetters: (source) => connection.deadLetters(source),
        recycle: () => {
          if (script.recycleFails !== undefined) throw script.recycleFails;
          script.recycled += 1;
        },
        close: () => connection.close(),
      };
    },
  };
  return { transport, script };
}

function receiverOf(
  connection: Connection,
  source: Source,
  options: ReceiverOptions,
  script: Script,
  held: (() => void)[],
): Receiver {
  const inner = connection.receiver(source, options);
  const opened: Opened = {
    nth: script.opened.length + 1,
    client: script.recycled,
    apart: options.apart === true,
    asked: [],
    closed: false,
  };
  script.opened.push(opened);
  const receive = (max: number, signal: AbortSignal): MaybePromise<readonly Delivery[]> => {
    opened.asked.push(max);
    if (script.receiveFails !== undefined) throw script.receiveFails;
    if (!script.silent(opened)) return inner.receive(max, signal);
    return new Promise((resolve) => {
      held.push(() => resolve(inner.receive(max, AbortSignal.abort())));
    });
  };
  return {
    receive,
    settle: (requests) => inner.settle(requests),
    renew: (deliveries) => inner.renew(deliveries),
    ...(inner.checkpoint === undefined ? {} : { checkpoint: inner.checkpoint.bind(inner) }),
    backlog: () => {
      script.looks += 1;
      return script.backlog === undefined ? inner.backlog?.() : script.backlog();
    },
    close: () => {
      opened.closed = true;
      return inner.close();
    },
  };
}
