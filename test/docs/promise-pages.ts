/** A page of which every block names the tests that hold it. */
export interface PromisePage {
  readonly page: string;
  /** The sections that promise something, by their headings; what stands under the page's own is `""`. */
  readonly promises: readonly string[];
  /** The others, each with the reason why it names no tests. */
  readonly others: Readonly<Record<string, string>>;
  /** Blocks of the former that promise nothing, by the text that they begin with, each with the reason. */
  readonly bare?: Readonly<Record<string, string>>;
}

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
];
