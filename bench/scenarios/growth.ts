import { createBroker, type Broker } from "../../adapters/memory/broker/broker.js";
import { cpuTime, spread } from "../measure.js";
import type { Row, Scenario } from "../scenario.js";
import { orderBytes } from "./order.js";

/** P17: the cost of a message, by the number of queues, subscriptions, consumers and sessions of the broker. */
export const growth: Scenario = async ({ quick }) => {
  const rows: Row[] = [];
  for (const [what, build] of Object.entries(shapes)) {
    const one = build(1);
    const many = build(10_000);
    const costs: { one: number; many: number }[] = [];
    for (let round = -2; round < (quick ? 3 : 7); round += 1) {
      const cost = { one: await costOf(one), many: await costOf(many) };
      if (round >= 0) costs.push(cost);
    }
    rows.push({
      what: `10,000 ${what} / 1`,
      value: spread(costs.map((cost) => cost.many / cost.one)),
      unit: "×",
      ...(what === bare ? bareRow : { target: "P17", atMost: 1.3, ...noteOf(what) }),
    });
  }
  return rows;
};

const bare = "bare lists by name";
/** Beside the targets: what the visits in turn cost by themselves. */
const bareRow = {
  note: "an append and a removal, no messaging: that many places visited in turn",
};

/** An entity of its own for each message in turn. */
const noteOf = (what: string): { readonly note?: string } =>
  what.startsWith("queues") || what.startsWith("subscriptions")
    ? {
        note: "grows with how many are visited in turn, not with how many there are: see the bare lists above",
      }
    : {};

/** Passes the n-th message: sends it, receives it, completes it. */
type Pass = (n: number) => void;

async function costOf(pass: Pass): Promise<number> {
  const messages = 10_000;
  const spent = await cpuTime(() => {
    for (let n = 0; n < messages; n += 1) pass(n);
  });
  return spent / messages;
}

const shapes: Readonly<Record<string, (count: number) => Pass>> = {
  [bare]: (count) => {
    const names = Array.from({ length: count }, (_, at) => `q${String(at)}`);
    const lists = new Map(names.map((name) => [name, [] as Letter[]]));
    return (n) => {
      const list = lists.get(names[n % count]!)!;
      list.push({ id: String(n), body: orderBytes });
      list.shift();
    };
  },
  queues: (count) => {
    const broker = emptyBroker();
    const receivers = Array.from({ length: count }, (_, at) => {
      broker.createQueue(`q${String(at)}`);
      return broker.attachReceiver(`q${String(at)}`);
    });
    const names = receivers.map((_, at) => `q${String(at)}`);
    return (n) => {
      const receiver = receivers[n % count]!;
      broker.send(names[n % count]!, [{ messageId: String(n), body: orderBytes }]);
      for (const delivery of receiver.take(1)) receiver.complete(delivery);
    };
  },
  "subscriptions, one of which selects the message": (count) => {
    const broker = emptyBroker();
    broker.createTopic("t");
    const types = Array.from({ length: count }, (_, at) => `type-${String(at)}`);
    const receivers = types.map((subject, at) => {
      broker.createSubscription("t", `s${String(at)}`, {
        rules: [{ name: "of-type", filter: { type: "correlation", subject } }],
      });
      return broker.attachReceiver(`t/Subscriptions/s${String(at)}`);
    });
    return (n) => {
      const receiver = receivers[n % count]!;
      broker.send("t", [{ messageId: String(n), body: orderBytes, subject: types[n % count]! }]);
      for (const delivery of receiver.take(1)) receiver.complete(delivery);
    };
  },
  "consumers of one queue": (count) => {
    const broker = emptyBroker();
    broker.createQueue("q");
    const receivers = Array.from({ length: count }, () => broker.attachReceiver("q"));
    for (const receiver of receivers) {
      const take = (): void => {
        for (const delivery of receiver.take(1)) receiver.complete(delivery);
        receiver.onAvailable(take);
      };
      receiver.onAvailable(take);
    }
    return (n) => {
      broker.send("q", [{ messageId: String(n), body: orderBytes }]);
    };
  },
  sessions: (count) => {
    const broker = emptyBroker();
    broker.createQueue("q", { requiresSession: true });
    const names = Array.from({ length: count }, (_, at) => `session-${String(at)}`);
    return (n) => {
      const sessionId = names[n % count]!;
      broker.send("q", [{ messageId: String(n), body: orderBytes, sessionId }]);
      const receiver = broker.acceptSession("q", sessionId);
      for (const delivery of receiver.take(1)) receiver.complete(delivery);
      receiver.close();
    };
  },
};

interface Letter {
  readonly id: string;
  readonly body: Uint8Array;
}

const emptyBroker = (): Broker => createBroker({ startMs: Date.now() });
