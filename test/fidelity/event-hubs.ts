import type { Section } from "./statements.js";

const throttling = "the broker does not throttle: a test that wants `busy` injects it";
const strategy = "`strategy` of the decision; default `balanced`";

export const eventHubsStatements: readonly Section[] = [
  {
    title: "Publishing",
    statements: {
      1: "The number of partitions is fixed when the hub is made.",
      2: "A partition key always leads to the same partition.",
      3: "The hash of a key is that of the official clients, to the bit.",
      4: "Batches without a key go round the partitions.",
      5: "A batch has a key or a partition id, never both.",
      6: "A partition id that does not exist is refused.",
      7: "Within a partition the order is that of acceptance.",
      8: "Between partitions there is no order.",
      9: "Sequence numbers rise by one within a partition.",
      10: "An offset is a text that rises within its partition and means nothing else.",
      11: "The service stamps the enqueued time.",
      21: {
        text: "A batch has at most 1 MiB, in the Basic tier 256 KiB.",
        option: "`maxBatchBytes` of the hub; default 1,048,576",
      },
      22: "All events of a batch share its key or partition.",
      39: {
        text: "A publisher policy's name must equal the partition key.",
        leftOut: "publisher policies are bound to credentials of the wire, which the engine does not see",
      },
      40: {
        text: "Sending more than the throughput units allow is refused as server-busy; reading is not.",
        leftOut: throttling,
      },
    },
  },
  {
    title: "Reading",
    statements: {
      12: "Reading removes nothing: every group reads everything.",
      13: "Events vanish exactly at the retention age; a change of it applies to events that are there.",
      14: "Events cannot be deleted.",
      15: "The group `$Default` exists and can be neither deleted nor made again.",
      16: 'The earliest position (offset "-1") is the oldest retained event.',
      17: "The latest position gives only events from after the attach.",
      18: "A start at an offset leaves out the event there, unless it says inclusive.",
      19: "So does a start at a sequence number.",
      20: "A start at a time gives events from strictly after it.",
      23: "A reader evicts those of an equal or lower epoch with amqp:link:stolen.",
      24: "A reader of a lower epoch is refused.",
      25: "A reader with an epoch evicts all without one.",
      26: "A reader without an epoch is refused while one with an epoch reads.",
      27: "A sixth reader without an epoch is refused.",
      28: "Up to five readers without an epoch each see every event.",
      41: "A partition tells its first and last number, last offset and time, and whether it is empty.",
      42: {
        text: "Compaction keeps the last event of each key, and an empty body removes the key.",
        leftOut: "hubs keep by age alone: no part of Waybill uses compacted hubs",
      },
      43: {
        text: "More than 50 questions for properties a second are throttled.",
        leftOut: throttling,
      },
    },
  },
  {
    title: "Sharing partitions",
    statements: {
      29: "Checkpoints belong to the client: a restart goes on after its own, or at the start position if it has none.",
      30: "A crash between handling and checkpoint delivers again.",
      31: "Claiming with an outdated etag gives nothing.",
      32: {
        text: "An ownership that was not renewed for 60 seconds can be claimed.",
        option: "`expiryMs` of the decision; default 60,000",
      },
      33: {
        text: "Balanced claims take one partition a round and end at shares that differ by at most one.",
        option: strategy,
      },
      34: { text: "Greedy claims take everything that is due at once.", option: strategy },
      35: "Partitions are taken from owners above their share alone, the largest first.",
      36: "Owners in excess of the partitions stay idle.",
      37: "An owner that stops empties its records, so that others take over at once.",
      38: "The batches of a partition are handled one after the other, partitions side by side.",
    },
  },
];
