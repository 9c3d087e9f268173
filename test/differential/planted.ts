import type { Connection, Delivery, Receiver, Sender } from "../../src/transport/index.js";
import type { Alter } from "./memory-side.js";

/** What can be put between a party and its adapter: differences that the comparison has to find. */
export const planted = [
  { name: "the delivery count is not raised", alter: countsNothing },
  { name: "a dead letter loses its reason", alter: losesReasons },
  { name: "a lock ends a millisecond early", alter: locksShorter },
  { name: "a header is dropped", alter: dropsHeaders },
  { name: "a deferred message is not found", alter: findsNothingDeferred },
  { name: "a message of two is sent twice", alter: sendsTwice },
] as const satisfies readonly { readonly name: string; readonly alter: Alter }[];

function countsNothing(connection: Connection): Connection {
  return withReceiver(connection, (receiver) => ({
    async receive(max, signal) {
      const deliveries = await receiver.receive(max, signal);
      return deliveries.map((delivery) => shownAs(delivery, { deliveryCount: 1 }));
    },
  }));
}

function locksShorter(connection: Connection): Connection {
  return withReceiver(connection, (receiver) => ({
    async receive(max, signal) {
      const deliveries = await receiver.receive(max, signal);
      return deliveries.map((delivery) =>
        shownAs(delivery, { lockedUntilMs: (delivery.lockedUntilMs ?? 0) - 1 }),
      );
    },
  }));
}

function losesReasons(connection: Connection): Connection {
  return withReceiver(connection, (receiver) => ({
    settle: (requests) =>
      receiver.settle(
        requests.map(({ delivery, action }) => ({
          delivery,
          action:
            action.kind === "deadLetter"
              ? { ...action, record: { ...action.record, reason: "Manual" as const } }
              : action,
        })),
      ),
  }));
}

function findsNothingDeferred(connection: Connection): Connection {
  return withReceiver(connection, () => ({ receiveDeferred: () => [] }));
}

function dropsHeaders(connection: Connection): Connection {
  return withSender(connection, (sender) => ({
    send: (messages) =>
      sender.send(
        messages.map((message) => ({ ...message, envelope: { ...message.envelope, headers: {} } })),
      ),
  }));
}

function sendsTwice(connection: Connection): Connection {
  return withSender(connection, (sender) => ({
    async send(messages) {
      if (messages.length === 2) await sender.send(messages.slice(0, 1));
      return sender.send(messages);
    },
  }));
}

function withReceiver(connection: Connection, alter: (receiver: Receiver) => Partial<Receiver>): Connection {
  return overlaid(connection, {
    receiver: (source, options) => {
      const receiver = takingOriginals(connection.receiver(source, options));
      return overlaid(receiver, alter(receiver));
    },
  });
}

function withSender(connection: Connection, alter: (sender: Sender) => Partial<Sender>): Connection {
  return overlaid(connection, {
    sender: (destination) => {
      const sender = connection.sender(destination);
      return overlaid(sender, alter(sender));
    },
  });
}

/** A receiver that knows its deliveries again, whatever was put before them. */
function takingOriginals(receiver: Receiver): Receiver {
  return overlaid(receiver, {
    settle: (requests) =>
      receiver.settle(requests.map(({ delivery, action }) => ({ delivery: originalOf(delivery), action }))),
    renew: (deliveries) => receiver.renew(deliveries.map(originalOf)),
    sessionState: (delivery) => receiver.sessionState?.(originalOf(delivery)),
    setSessionState: (delivery, state) => receiver.setSessionState?.(originalOf(delivery), state),
  });
}

const originals = new WeakMap<Delivery, Delivery>();

const originalOf = (delivery: Delivery): Delivery => originals.get(delivery) ?? delivery;

function shownAs(delivery: Delivery, shown: Partial<Delivery>): Delivery {
  const altered = overlaid(delivery, shown);
  originals.set(altered, delivery);
  return altered;
}

/** The same with some members replaced. Methods run on the original, whose private fields nobody else has. */
function overlaid<T extends object>(original: T, replaced: Partial<T>): T {
  return new Proxy(original, {
    get(target, name) {
      if (Object.hasOwn(replaced, name)) return Reflect.get(replaced, name) as unknown;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
}
