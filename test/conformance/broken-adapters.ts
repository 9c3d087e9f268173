import type { Envelope } from "../../src/message/envelope.js";
import type { Delivery, Outgoing } from "../../src/transport/index.js";
import { changed, type Alterations } from "./altered-transport.js";

/** An adapter with one fault, and the behaviour that names it. */
export interface BrokenAdapter {
  readonly fault: string;
  readonly caughtBy: number;
  /** Made anew for each run: some faults remember. */
  readonly make: () => Alterations;
}

const isCopy = ({ envelope }: Outgoing): boolean => envelope.brokerId !== undefined;
const atOnce = ({ envelope }: Outgoing): Outgoing => ({ envelope });

/** Adapters as they should not be. */
export const brokenAdapters: readonly BrokenAdapter[] = [
  {
    fault: "ack on throw",
    caughtBy: 36,
    make: () => ({
      settle: (_delivery, action, settle) =>
        settle(action.kind === "abandon" || action.kind === "release" ? { kind: "complete" } : action),
    }),
  },
  {
    fault: "drop on stop",
    caughtBy: 132,
    make: () => ({
      settle: (_delivery, action, settle) =>
        settle(action.kind === "release" ? { kind: "complete" } : action),
    }),
  },
  {
    fault: "shared references",
    caughtBy: 71,
    make: () => {
      const sent = new Map<string, Envelope>();
      return {
        send: (messages, send) => {
          for (const { envelope } of messages) sent.set(envelope.id, envelope);
          return send(messages);
        },
        deliver: (delivery) => [
          changed(delivery, { envelope: sent.get(delivery.envelope.id) ?? delivery.envelope }),
        ],
      };
    },
  },
  {
    fault: "ignored delay",
    caughtBy: 92,
    make: () => ({ send: (messages, send) => send(messages.map(atOnce)) }),
  },
  {
    fault: "dropped reference to data elsewhere",
    caughtBy: 122,
    make: () => ({
      deliver: (delivery) => {
        const { dataRef: _dropped, ...envelope } = delivery.envelope;
        return [changed(delivery, { envelope })];
      },
    }),
  },
  {
    fault: "checkpoint of the last received",
    caughtBy: 85,
    make: () => ({
      checkpoint: (_delivery, last) => last,
    }),
  },
  {
    fault: "double delivery",
    caughtBy: 58,
    make: () => ({ deliver: (delivery) => [delivery, changed(delivery, {})] }),
  },
  {
    fault: "lost retry copy",
    caughtBy: 36,
    make: () => ({
      send: (messages, send) => (messages.some(isCopy) ? messages.map(() => ({ ok: true })) : send(messages)),
    }),
  },
  {
    fault: "hot redelivery loop",
    caughtBy: 40,
    make: () => ({
      send: (messages, send) => send(messages.map((each) => (isCopy(each) ? atOnce(each) : each))),
    }),
  },
  {
    fault: "delivery count not raised",
    caughtBy: 42,
    make: () => ({ deliver: (delivery) => [changed(delivery, { deliveryCount: 1 })] }),
  },
  { fault: "lock not expired", caughtBy: 45, make: lockNotExpired },
  {
    fault: "session order broken",
    caughtBy: 72,
    make: () => ({
      send: async (messages, send, { at }) => {
        if (!at.channel.settings.ordered) return send(messages);
        return [...(await send([...messages].reverse()))].reverse();
      },
    }),
  },
  {
    fault: "dead letter without reason",
    caughtBy: 98,
    make: () => ({
      settle: (_delivery, action, settle) =>
        settle(
          action.kind === "deadLetter"
            ? { ...action, record: { ...action.record, reason: "Manual", description: "" } }
            : action,
        ),
    }),
  },
  {
    fault: "batch reported as one",
    caughtBy: 18,
    make: () => ({
      send: async (messages, send) => {
        const results = await send(messages);
        const refused = results.find(({ ok }) => !ok);
        return refused === undefined ? results : results.map(() => refused);
      },
    }),
  },
  { fault: "settle twice accepted", caughtBy: 32, make: settleTwiceAccepted },
];

/** Renews by itself what it handed out, for as long as nobody settles it. */
function lockNotExpired(): Alterations {
  const settled = new WeakSet<Delivery>();
  return {
    deliver: (delivery, { runtime, renew }) => {
      const keep = (): void => {
        if (settled.has(delivery)) return;
        renew(delivery);
        runtime.after(1_000, keep);
      };
      keep();
      return [delivery];
    },
    settle: (delivery, action, settle) => {
      settled.add(delivery);
      return settle(action);
    },
  };
}

/** The second settlement of a delivery has its effect too, and nobody is told. */
function settleTwiceAccepted(): Alterations {
  const settled = new WeakSet<Delivery>();
  return {
    settle: async (delivery, action, settle, { connection, at }) => {
      if (!settled.has(delivery)) {
        settled.add(delivery);
        return settle(action);
      }
      if (action.kind === "release" || action.kind === "abandon")
        await connection.sender(at).send([{ envelope: delivery.envelope }]);
      return undefined;
    },
  };
}
