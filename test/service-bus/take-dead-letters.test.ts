import type { ServiceBusClient, ServiceBusReceivedMessage } from "@azure/service-bus";
import { expect, it } from "vitest";
import { deadLetterReceiver } from "../../adapters/service-bus/dead-letter-receiver.js";
import { toLong } from "../../adapters/service-bus/long.js";
import { StillRuntime } from "../differential/still-runtime.js";

/** A dead-letter queue with so many letters, which notes how many it was asked for. A link falls silent as the SDK's do. */
function deadLetters(count: number) {
  const asked: number[] = [];
  const letters = Array.from({ length: count }, (_, at): Partial<ServiceBusReceivedMessage> => {
    return { body: Buffer.of(), messageId: String(at + 1), sequenceNumber: toLong(String(at + 1)) };
  });
  const open = () => {
    const unsettled = new Set<unknown>();
    return {
      receiveMessages: (max: number) => {
        asked.push(max);
        const taken = letters.splice(0, Math.min(max, mostUnsettled - unsettled.size));
        for (const letter of taken) unsettled.add(letter);
        return Promise.resolve(taken);
      },
      abandonMessage: (letter: unknown) =>
        unsettled.delete(letter) ? Promise.resolve() : Promise.reject(new Error("of another link")),
    };
  };
  const client = { createReceiver: open } as unknown as ServiceBusClient;
  const path = { name: "orders", subscription: undefined };
  return {
    asked,
    receiver: deadLetterReceiver(client, path, { runtime: new StillRuntime(), operationMs: 1_000 }),
  };
}

/** Of one link: the window of the SDK's session. */
const mostUnsettled = 2_047;

it("Taking dead letters asks for no more than are wanted while that is enough, so that the SDK waits for none", async () => {
  const { asked, receiver } = deadLetters(9);
  expect((await receiver.take(["1", "2"])).map(({ broker }) => broker.sequenceNumber)).toEqual(["1", "2"]);
  expect(asked).toEqual([2]);
});

it("Taking a dead letter that lies behind others asks for more and more", async () => {
  const { asked, receiver } = deadLetters(9);
  expect((await receiver.take(["6"])).map(({ broker }) => broker.sequenceNumber)).toEqual(["6"]);
  expect(asked).toEqual([1, 2, 4]);
});

it("Taking a dead letter that lies behind more than a link can hold goes on over another link, and gives back the others", async () => {
  const { receiver } = deadLetters(5_000);
  const [taken] = await receiver.take(["4990"]);
  expect(taken?.broker.sequenceNumber).toBe("4990");
  const [error] = await receiver.settle(
    taken === undefined ? [] : [{ delivery: taken, action: { kind: "release", history: {} } }],
  );
  expect(error).toBeUndefined();
});
