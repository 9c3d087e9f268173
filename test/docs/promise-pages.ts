import type { requiredTokens } from "../../src/testing/required.js";

/** A page of which every block names the tests that hold it. */
export interface PromisePage {
  readonly page: string;
  /** The adapter that it is about: behaviours that it names are shown by this one, not only their refusal. */
  readonly adapter?: keyof typeof requiredTokens;
  /** The sections that promise something, by their headings; what stands under the page's own is `""`. */
  readonly promises: readonly string[];
  /** The others, each with the reason why it names no tests. */
  readonly others: Readonly<Record<string, string>>;
  /** Blocks of the former that promise nothing, by the text that they begin with, each with the reason. */
  readonly bare?: Readonly<Record<string, string>>;
}

const setUp = "says how to set it up";
const advice = "gives advice";
const limits = "lists what the service allows, as its documentation says it";
const wireFormat = "is held by test/wire/fixtures.test.ts";
const figures = "says what was measured, and how";
const rights = "says what Azure asks for";
const settings = "says what settings do and cost";

export const promisePages: readonly PromisePage[] = [
  {
    page: "docs/guarantees.md",
    promises: [
      "",
      "Tiers of effects",
      "Ids",
      "The order of one run",
      "Retries",
      "Order across retries",
      "Sending",
      "Locks and time",
    ],
    others: { "What is not promised": "says what is not promised" },
    bare: { "T1 needs a store": "says what the application has to provide" },
  },
  {
    page: "docs/adapters/service-bus.md",
    adapter: "service-bus",
    promises: ["What it can do", "Entities", "Tuning", "What goes wrong, and what becomes of it", "Errors"],
    others: {
      "": setUp,
      "What travels where": wireFormat,
      "Identity and rights": rights,
    },
    bare: {
      "Measured with version": "says how it was measured",
      "| queue: three healthy": figures,
      "| queue: connections": figures,
      "| queue with sessions: connections": figures,
      "| queue with sessions: another": figures,
      "| queue with sessions: three": figures,
      "Locks end after 5 s there": figures,
    },
  },
  {
    page: "docs/adapters/event-hubs.md",
    adapter: "event-hubs",
    promises: ["What it can do", "Checkpoints and ownership", "What the SDK does not tell", "Errors"],
    others: {
      "": setUp,
      "When to choose it": advice,
      Limits: limits,
      "On the wire": wireFormat,
      Identity: rights,
      Tuning: settings,
    },
    bare: { "Measured with version": "says how it was found out" },
  },
  {
    page: "docs/adapters/event-grid.md",
    adapter: "event-grid",
    promises: ["What it can do", "Push", "Work that takes longer", "Who may call", "Errors"],
    others: {
      "": setUp,
      "When to choose it": advice,
      Limits: limits,
      Subscriptions: "says what the reader makes in Azure",
      "On the wire": wireFormat,
      Identity: rights,
      Tuning: settings,
    },
    bare: {
      "Every putting back is a delivery": "says what the service does, and what to do about it",
      "Accept, then queue": "says what to write",
      "Event Grid gives up": "says what the service does, and what to do about it",
      "There is no option of the webhook": "says why there is none",
      "- a function of yours": "is the reader's own",
    },
  },
  {
    page: "docs/adapters/storage-queue.md",
    adapter: "storage-queue",
    promises: ["What it can do", "On the wire", "Errors"],
    others: {
      "": setUp,
      "When to choose it": advice,
      Limits: limits,
      Identity: rights,
      Tuning: settings,
    },
  },
  {
    page: "docs/operations.md",
    promises: [
      "Stopping",
      "Health",
      "Supervision",
      "Credentials",
      "Pause, and concurrency",
      "Logs and metrics",
      "Dead letters",
      "Deferred messages",
      "Scaling out",
    ],
    others: { "": setUp, "A checklist": advice },
    bare: {
      "A consumer takes no traffic": advice,
      "A consumer can stop without an error": "says what for",
      "Wrap a credential": setUp,
      "Storage Queues and Event Grid go by HTTP": "says what there is not",
      "The names in the last column": "says where names come from",
      "Look before you redrive": advice,
    },
  },
  {
    page: "docs/testing.md",
    promises: [
      "",
      "Deliver, settle, look",
      "Retries, redeliveries, dead letters",
      "Faults",
      "Crashes",
      "Several services",
      "What virtual time can know",
    ],
    others: { Options: "lists options; what they do stands in the sections above" },
    bare: {
      "Code that uses Microsoft's": advice,
      "- `events` is everything": "says what a name means",
      "- `app(service?)` is": "says what a name means",
      "- A `setTimeout` in a handler": advice,
      "- Two handlers that do real I/O": "says what is not promised",
    },
  },
  {
    page: "docs/contracts.md",
    promises: ["Schemas", "What travels", "Names and metadata", "Keys", "Versions", "Channels"],
    others: {
      "": "says what a contract is",
      Declarations: "is compiled as it stands, by test/contracts/declarations.test.ts too",
      "What a project needs": "is checked on the packed package, by `npm run check:package`",
    },
    bare: {
      "- `description`, `examples`": "says what names mean",
      "- Drop a step when": advice,
      "- If old and new": advice,
    },
  },
  {
    page: "docs/errors.md",
    promises: ["Classes", "Dead-letter reasons", "Bad input"],
    others: {
      "": "says what an error is made of",
      Codes: "is compared with the code by test/docs/errors.test.ts",
    },
    bare: {
      "What a class does to a message": "introduces the table",
      "Why a message lies": "introduces the table",
      "What happens to each kind": "introduces the table",
    },
  },
  {
    page: "docs/emulator.md",
    promises: [
      "Start",
      "Configuration",
      "TLS, WebSockets and credentials",
      "In tests",
      "Broken and hostile clients",
    ],
    others: {
      "": setUp,
      Connect: "is run as it stands by test/docs/emulator.test.ts",
      "In CI, without Docker": setUp,
      "What is different from Azure": "says what is not promised",
      "What is the client's": "says what others do",
      "From Microsoft's emulator, in five lines": setUp,
    },
    bare: {
      "| `": "is compared with the command, its options and limits by test/docs/emulator.test.ts",
      "Without an installation": setUp,
      "What makes tests slow": advice,
      "What clients store": "says what is not promised",
    },
  },
  {
    page: "docs/wire-format.md",
    promises: [
      "Reading",
      "The body",
      "Data elsewhere",
      "Copies",
      "Dead letters",
      "Bounds",
      "Versions of this format",
    ],
    others: {
      "": "says what the format is",
      Fields: wireFormat,
      "Own extensions": wireFormat,
    },
    bare: {
      "- Between sender and receiver": "says what services do",
      "| `dataref`": "says what the attribute means",
      "| `wbdatabytes`": "says what the attribute means",
      "| `wbdatasha256`": "says what the attribute means",
      "An attachment in the data": "says how it is spelled",
    },
  },
  {
    page: "docs/claim-check.md",
    promises: ["Large data", "Files", "What can go wrong", "How long"],
    others: {
      "": "says what a claim check is",
      Stores:
        "is held by test/claim-check/stores.test.ts, which every store passes; the rest says what Azure asks for",
    },
  },
  {
    page: "docs/concepts.md",
    promises: ["What they look like", "One id, for ever"],
    others: {
      "": "has no text",
      "Which one when": advice,
      "The nouns": "says what names mean",
    },
  },
];

/** Pages on which no block needs to name a test, each with the reason. */
export const otherPages: Readonly<Record<string, string>> = {
  "docs/architecture.md": "says how the code is made; test/lint/rooms.test.ts holds its rooms",
  "docs/choosing-a-service.md": advice,
  "docs/emulator-coverage.md": "is made of the tests that it names, by scripts/emulator-coverage.ts",
  "docs/fidelity.md": "is made of the tests that it names, by scripts/fidelity.ts",
  "docs/getting-started.md": "is run as it stands, by test/docs/examples.test.ts",
  "docs/performance.md": "says what was measured, and how to measure it again",
  "docs/refused.md": "says what there is not",
  "docs/simulation.md": "is compared with the simulation by test/simulation/assignment.test.ts",
};
