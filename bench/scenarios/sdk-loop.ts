import { memory } from "../../adapters/memory/index.js";
import { command, queue } from "../../src/contracts/index.js";
import { run, service } from "../../src/index.js";
import type { Transport } from "../../src/transport/index.js";
import type { Contender } from "../measure.js";
import { burst, concurrency } from "./broker-loop.js";
import { order, passThrough, zodOrder, type Order } from "./order.js";

/** A running service that sends to itself. */
export interface Loop {
  /** Sends that many orders in bursts, each when the one before is handled. */
  readonly pass: (count: number) => Promise<void>;
  readonly stop: () => Promise<unknown>;
}

/** How a loop sends: many at a time, or one at a time. */
export type SendStyle = "many" | "one";

/** The whole SDK on the memory adapter or another: contract, JSON, envelope, policy, settlement. */
export async function sdkLoop(
  schema: "pass-through" | "zod",
  style: SendStyle,
  transport: Transport = memory(),
  name = "orders",
): Promise<Loop> {
  const message =
    schema === "zod"
      ? command("bench.place-order", { version: 1, schema: zodOrder })
      : command("bench.place-order", { version: 1, schema: passThrough });
  const orders = queue(name, { messages: { place: message } });
  let left = 0;
  let handled: (() => void) | undefined;
  const declared = service("bench")
    .sends(orders)
    .consume(
      orders,
      {
        place: async () => {
          left -= 1;
          if (left === 0) handled?.();
        },
      },
      { concurrency },
    );
  const app = await run(declared, { transport });
  const sendBurst = async (from: number): Promise<void> => {
    const data: Order[] = Array.from({ length: burst }, (_, at) => order(from + at));
    if (style === "many") await app.sendMany(orders.place, data);
    else for (const each of data) await app.send(orders.place, each);
  };
  return {
    pass: async (count) => {
      for (let sent = 0; sent < count; sent += burst) {
        left = burst;
        const all = new Promise<void>((resolve) => (handled = resolve));
        await sendBurst(sent);
        await all;
      }
    },
    stop: () => app.stop(),
  };
}

/** A loop as a contender. */
export const looping = <Name extends string>(name: Name, loop: Loop, messages: number): Contender<Name> => ({
  name,
  messages,
  run: (count) => loop.pass(count),
});

/** Two bare calls of the validator, as sender and handler make them. */
export function validatorCalls(messages: number): Contender<"zod twice"> {
  const value = order(1);
  return {
    name: "zod twice",
    messages,
    run: async (count) => {
      let seen = 0;
      for (let at = 0; at < count; at += 1) {
        seen += zodOrder.parse(value).items.length + zodOrder.parse(value).items.length;
      }
      return seen;
    },
  };
}
