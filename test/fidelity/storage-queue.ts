import type { Section, Statement } from "./statements.js";

const awaited = (text: string): Statement => ({
  text,
  leftOut: "a test of the Storage Queue adapter, which has not arrived",
});

export const storageQueueStatements: readonly Section[] = [
  {
    title: "Messages and their visibility",
    statements: {
      1: awaited("A message has at most 64 KiB as it is encoded."),
      2: awaited("The time to live is 7 days by default, -1 means for ever, 0 is refused."),
      3: awaited("A message may not become visible only after its time to live."),
      4: awaited("A delayed message is invisible until its time."),
      5: awaited("A receive gives 1 message by default and 32 at most."),
      6: awaited("A received message is invisible for 1 second to 7 days, 30 seconds by default."),
      7: awaited("Receiving raises the dequeue count, which is 1 the first time."),
      8: awaited("Receiving gives a pop receipt and hides the message."),
      9: awaited("After that time the message is visible again, perhaps out of order."),
      10: awaited("A second receive gives a new receipt; the old one is refused as a mismatch."),
      11: awaited("Deleting with the right receipt succeeds once; the second time nothing is found."),
      12: awaited("An update changes visibility, body and receipt; with 0 the message is visible at once."),
      13: awaited("Peeking changes nothing and gives no receipt."),
      14: awaited("Expired messages are not given out."),
      18: awaited("A receive of an empty queue answers at once with nothing."),
      19: awaited("Text that XML cannot carry travels as base64."),
      20: awaited(
        "After the fifth failed attempt a message moves to the poison queue; the number can be set.",
      ),
    },
  },
  {
    title: "Queues",
    statements: {
      15: awaited("Clearing empties the queue."),
      16: awaited("The approximate count includes what is invisible."),
      17: awaited(
        "A missing queue is reported as such; a name that is taken is refused unless all metadata is the same.",
      ),
    },
  },
];
