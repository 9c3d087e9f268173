import { EventEmitter } from "node:events";
import type { Contender } from "../measure.js";
import { order, type Order } from "./order.js";

/** The baseline B: an event emitter and an awaited asynchronous handler, on the same message. */
export function baseline(messages: number): Contender<"B"> {
  const emitter = new EventEmitter();
  const message = order(1);
  let seen = 0;
  let answer: Promise<void> | undefined;
  const handler = async (each: Order): Promise<void> => {
    seen += each.items.length;
  };
  emitter.on("order", (each: Order) => {
    answer = handler(each);
  });
  return {
    name: "B",
    messages,
    run: async (count) => {
      for (let sent = 0; sent < count; sent += 1) {
        emitter.emit("order", message);
        await answer;
      }
      return seen;
    },
  };
}
