import type { WaybillError } from "../../src/errors.js";
import type { Runtime } from "../../src/runtime/runtime.js";
import type { ConformanceAdapter } from "../../src/testing/conformance/harness.js";
import type {
  Capabilities,
  Connection,
  Delivery,
  Destination,
  MaybePromise,
  Outgoing,
  Receiver,
  SendResult,
  SettleAction,
  Source,
  Transport,
} from "../../src/transport/index.js";
import { memoryAdapter } from "./memory-adapter.js";

/** Where a part of an altered adapter stands. */
export interface Place {
  readonly connection: Connection;
  readonly runtime: Runtime;
  readonly at: Destination | Source;
}

/** What an altered adapter does otherwise than the in-memory one. */
export interface Alterations {
  readonly capabilities?: Capabilities;
  readonly send?: (
    messages: readonly Outgoing[],
    send: (messages: readonly Outgoing[]) => MaybePromise<readonly SendResult[]>,
    place: Place,
  ) => MaybePromise<readonly SendResult[]>;
  /** What is handed out for each delivery; to be told apart from the inner one by identity. */
  readonly deliver?: (
    delivery: Delivery,
    place: Place & { renew(delivery: Delivery): void },
  ) => readonly Delivery[];
  readonly settle?: (
    delivery: Delivery,
    action: SettleAction,
    settle: (action: SettleAction) => Promise<WaybillError | undefined>,
    place: Place,
  ) => Promise<WaybillError | undefined>;
  readonly renew?: (delivery: Delivery) => WaybillError;
  /** Which delivery's checkpoint is stored instead; the last one of its partition is known. */
  readonly checkpoint?: (delivery: Delivery, last: Delivery) => Delivery;
  readonly without?: readonly ("cancel" | "receiveDeferred" | "sessionState" | "setSessionState")[];
}

/** The in-memory adapter, altered. */
export const alteredAdapter = (
  alterations: Alterations,
  more: Partial<ConformanceAdapter> = {},
): ConformanceAdapter => ({
  ...memoryAdapter,
  ...(alterations.capabilities === undefined ? {} : { capabilities: alterations.capabilities }),
  open: async (behaviour) => {
    const world = await memoryAdapter.open(behaviour);
    return { ...world, transport: () => altered(world.transport(), alterations) };
  },
  ...more,
});

function altered(inner: Transport, alterations: Alterations): Transport {
  return {
    name: inner.name,
    capabilities: alterations.capabilities ?? inner.capabilities,
    connect: async (context) => {
      const connection = await inner.connect(context);
      const { runtime } = context;
      const { send, without = [] } = alterations;
      return {
        ...rest(connection),
        sender: (at) => {
          const sender = connection.sender(at);
          const plain = (messages: readonly Outgoing[]) => sender.send(messages);
          const { cancel } = sender;
          return {
            send: (messages) =>
              send === undefined ? plain(messages) : send(messages, plain, { connection, runtime, at }),
            ...(cancel === undefined || without.includes("cancel") ? {} : { cancel: cancel.bind(sender) }),
            close: () => sender.close(),
          };
        },
        receiver: (at, options) => {
          const place = { connection, runtime, at };
          const own = new WeakMap<Delivery, Delivery[]>();
          const onLost: typeof options.onLost = (delivery, error) => {
            for (const each of own.get(delivery) ?? [delivery]) options.onLost(each, error);
          };
          return alteredReceiver(connection.receiver(at, { ...options, onLost }), alterations, place, own);
        },
      };
    },
  };
}

const rest = (connection: Connection): Pick<Connection, "deadLetters" | "close"> => ({
  deadLetters: (source) => connection.deadLetters(source),
  close: () => connection.close(),
});

function alteredReceiver(
  inner: Receiver,
  { deliver, settle, renew, checkpoint, without = [] }: Alterations,
  place: Place,
  own: WeakMap<Delivery, Delivery[]>,
): Receiver {
  const lastReceived = new Map<string | undefined, Delivery>();
  const inside = (delivery: Delivery): Delivery => innerOf.get(delivery) ?? delivery;
  const handOut = (got: readonly Delivery[]): readonly Delivery[] => {
    for (const delivery of got) lastReceived.set(delivery.lane, delivery);
    if (deliver === undefined) return got;
    return got.flatMap((delivery) => {
      const given = deliver(delivery, { ...place, renew: (each) => void inner.renew([inside(each)]) });
      own.set(delivery, [...given]);
      for (const each of given) innerOf.set(each, delivery);
      return given;
    });
  };
  const one = async (delivery: Delivery, action: SettleAction): Promise<WaybillError | undefined> => {
    const [answer] = await inner.settle([{ delivery: inside(delivery), action }]);
    return answer;
  };
  const all: Receiver = {
    receive: async (max, signal) => handOut(await inner.receive(max, signal)),
    settle: async (requests) => {
      if (settle === undefined)
        return inner.settle(requests.map(({ delivery, action }) => ({ delivery: inside(delivery), action })));
      const answers: (WaybillError | undefined)[] = [];
      for (const { delivery, action } of requests)
        answers.push(await settle(delivery, action, (changed) => one(delivery, changed), place));
      return answers;
    },
    renew: (deliveries) =>
      renew === undefined ? inner.renew(deliveries.map(inside)) : deliveries.map((each) => renew(each)),
    close: () => inner.close(),
  };
  const { receiveDeferred, sessionState, setSessionState } = inner;
  return {
    ...all,
    ...(receiveDeferred === undefined || without.includes("receiveDeferred")
      ? {}
      : { receiveDeferred: async (numbers) => handOut(await receiveDeferred.call(inner, numbers)) }),
    ...(sessionState === undefined || without.includes("sessionState")
      ? {}
      : { sessionState: (delivery) => sessionState.call(inner, inside(delivery)) }),
    ...(setSessionState === undefined || without.includes("setSessionState")
      ? {}
      : { setSessionState: (delivery, state) => setSessionState.call(inner, inside(delivery), state) }),
    ...(inner.checkpoint === undefined
      ? {}
      : {
          checkpoint: (delivery) =>
            inner.checkpoint?.(
              checkpoint === undefined
                ? inside(delivery)
                : checkpoint(inside(delivery), lastReceived.get(delivery.lane) ?? inside(delivery)),
            ),
        }),
  };
}

/** The inner deliveries of those that were handed out, whichever receiver did. */
const innerOf = new WeakMap<Delivery, Delivery>();

/** A delivery that differs from another in some fields. */
export const changed = (delivery: Delivery, fields: Partial<Delivery>): Delivery => ({
  envelope: delivery.envelope,
  lane: delivery.lane,
  deliveryCount: delivery.deliveryCount,
  get lockedUntilMs() {
    return delivery.lockedUntilMs;
  },
  get broker() {
    return delivery.broker;
  },
  native: delivery.native,
  ...(delivery.defect === undefined ? {} : { defect: delivery.defect }),
  ...fields,
});
