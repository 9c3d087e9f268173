import type { Section } from "./statements.js";

export const storageQueueStatements: readonly Section[] = [
  {
    title: "Messages and their visibility",
    statements: {
      1: "A message has at most 64 KiB as it is encoded.",
      2: "The time to live is 7 days by default, -1 means for ever, 0 is refused.",
      3: "A message may not become visible only after its time to live.",
      4: "A delayed message is invisible until its time.",
      5: "A receive gives 1 message by default and 32 at most.",
      6: "A received message is invisible for 1 second to 7 days, 30 seconds by default.",
      7: "Receiving raises the dequeue count, which is 1 the first time.",
      8: "Receiving gives a pop receipt and hides the message.",
      9: "After that time the message is visible again, perhaps out of order.",
      10: "A second receive gives a new receipt; the old one is refused as a mismatch.",
      11: "Deleting with the right receipt succeeds once; the second time nothing is found.",
      12: "An update changes visibility, body and receipt; with 0 the message is visible at once.",
      13: "Peeking changes nothing and gives no receipt.",
      14: "Expired messages are not given out.",
      18: "A receive of an empty queue answers at once with nothing.",
      19: "Text that XML cannot carry travels as base64.",
      20: "After the fifth failed attempt a message moves to the poison queue; the number can be set.",
    },
  },
  {
    title: "Queues",
    statements: {
      15: "Clearing empties the queue.",
      16: "The approximate count includes what is invisible.",
      17: "A missing queue is reported as such; a name that is taken is refused unless all metadata is the same.",
    },
  },
];
