import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { dirt, dirtyFigures, dirtyFile } from "./dirty-file.js";
import { figuresIn, fileOf, header, jobOf } from "./shop.js";

/** Computed once from the file by another program, in another language. */
const morning = {
  orders: 63,
  lines: 1026,
  cancellations: 4,
  rejected: 1,
  revenuePence: {
    total: 2_481_905,
    byCountry: { "United Kingdom": 2_341_234, France: 85_586, Australia: 35_825, Netherlands: 19_260 },
  },
  corrected: { orders: 1, pence: 23_800 },
  chargedPence: 2_505_705,
  duplicateCharges: 0,
  duplicatesSuppressed: 0,
  deadLetters: {},
};

const fields = [
  "orders",
  "lines",
  "cancellations",
  "rejected",
  "revenuePence",
  "corrected",
  "chargedPence",
  "duplicateCharges",
  "retries",
  "duplicatesSuppressed",
  "deadLetters",
  "messagesPerSecond",
];

describe("the morning that comes with the sample", () => {
  it("comes to the figures of the file", async () => {
    const ended = await jobOf("--json");
    expect(ended.err).toContain("✓ every figure agrees");
    expect(ended.code).toBe(0);
    const figures = figuresIn(ended);
    expect(figures).toMatchObject(morning);
    expect(figures.deadLetters).toEqual({});
    expect(Object.keys(figures)).toEqual(fields);
    expect(figures.retries).toBeGreaterThan(0);
    expect(figures.messagesPerSecond).toBeGreaterThan(0);
  });

  it("shows the dirty invoice, what is wrong with it, and that it was corrected", async () => {
    const { err } = await jobOf("--json");
    expect(err).toMatch(/dead letter \(Manual\): invoice 536414: row 1 has no customer; row 1 has price "0"/);
    expect(err).toContain("invoice 536414 corrected and sent again");
  });

  it("stops a group of readers in the middle, and it reads on from its checkpoint", async () => {
    const { out, err } = await jobOf();
    const stoppedAfter = Number(/revenue desk stopped after (\d+) lines/.exec(err)?.[1]);
    expect(stoppedAfter).toBeGreaterThan(0);
    expect(stoppedAfter).toBeLessThan(1027);
    expect(out).toContain(`stopped after ${stoppedAfter} lines, then read ${1027 - stoppedAfter} more`);
  });

  it("ends with a summary on standard output and plain lines on standard error", async () => {
    const { out, err } = await jobOf();
    for (const channel of ["import", "ordering", "orders", "billing", "sales", "shipments"]) {
      expect(out).toContain(`│ ${channel} `);
    }
    expect(out).toMatch(/Netherlands +│ +192\.60/);
    expect(err).not.toContain("\u001b");
  });

  it("draws its progress over itself on a terminal, and leaves no trace before the summary", async () => {
    const { runJob } = await import("../job/job.js");
    let screen = "";
    const terminal = { isTTY: true, write: (text: string) => (screen += text) };
    expect(await runJob([], terminal, terminal)).toBe(0);
    expect(screen).toMatch(/\r\u001b\[K\d+ invoices, \d+ orders/);
    expect(screen).toContain("\r\u001b[K┌");
  });

  it("scales when it is replayed with fresh ids", async () => {
    const ended = await jobOf("--json", "--repeat", "3");
    expect(ended.code).toBe(0);
    expect(figuresIn(ended)).toMatchObject({
      orders: 3 * 63,
      lines: 3 * 1026,
      cancellations: 3 * 4,
      rejected: 3,
      revenuePence: { total: 3 * 2_481_905 },
      corrected: { orders: 3, pence: 3 * 23_800 },
      chargedPence: 3 * 2_505_705,
      duplicateCharges: 0,
      duplicatesSuppressed: 0,
      deadLetters: {},
    });
  });
});

describe("a dirty file", () => {
  it("rejects whole invoices, counts repeats once, and keeps what nobody corrected", async () => {
    const ended = await jobOf("--json", "--file", await fileOf(dirtyFile));
    expect(ended.err).toContain("✓ every figure agrees");
    expect(ended.code).toBe(0);
    const figures = figuresIn(ended);
    expect(figures).toMatchObject(dirtyFigures);
    expect(figures.deadLetters).toEqual(dirtyFigures.deadLetters);
  });

  it("scales too", async () => {
    const ended = await jobOf("--json", "--repeat", "2", "--file", await fileOf(dirtyFile));
    expect(ended.code).toBe(0);
    expect(figuresIn(ended)).toMatchObject({
      orders: 8,
      rejected: 2 * (dirt.length + 3),
      duplicatesSuppressed: 8,
    });
  });

  it.each(dirt)("says what is wrong: $what", async ({ rows, says }) => {
    const file = await fileOf([header, ...rows.map((row) => `1,${row}`)].join("\n"));
    const ended = await jobOf("--json", "--file", file);
    expect(ended.err).toContain(`dead letter (Manual): invoice 1: ${says}`);
    expect(ended.code).toBe(0);
    expect(figuresIn(ended)).toMatchObject({ orders: 0, lines: 0, rejected: 1, deadLetters: { Manual: 1 } });
  });
});

describe("a sabotaged day", () => {
  it.each([
    ["lose-one", /✗ orders as filed: the services recorded 62, the file says 63/],
    ["charge-twice", /✗ duplicate charges: the services recorded [1-9]\d*, the file says 0/],
    ["skip-checkpoint", /✗ lines read for revenue: the services recorded 1[1-9]\d\d, the file says 1027/],
  ])("%s is found out", async (sabotage, difference) => {
    const { code, err } = await jobOf("--json", "--sabotage", sabotage);
    expect(err).toMatch(difference);
    expect(code).toBe(1);
  });

  it.each(["lose-one", "charge-twice", "skip-checkpoint"])(
    "%s is found out in a single order",
    async (sabotage) => {
      const file = await fileOf(`${header}\n1,A,MUG,2,12/1/2010 8:26,1.00,17850,France\n`);
      const { code, err } = await jobOf("--file", file, "--sabotage", sabotage);
      expect(err).toContain("✗ ");
      expect(code).toBe(1);
    },
  );
});

describe("an input that cannot be used", () => {
  it.each([
    ["an empty file", "", /invoices\.csv is empty/],
    ["a file of blank lines", "\r\n\n", /is empty/],
    ["a header alone", `${header}\r\n`, /has a header and no rows/],
    ["another header", "a,b,c\n1,2,3\n", /the header of .* is "a,b,c"; it has to be "InvoiceNo,/],
    ["no header", "1,A,MUG,2,12/1/2010 8:26,1.00,17850,France\n", /the header of/],
    ["a quote that never ends", `${header}\n1,"A,MUG\n`, /is no readable CSV/],
  ])("%s ends the run with one message", async (_what, content, message) => {
    const { code, out, err } = await jobOf("--json", "--file", await fileOf(content));
    expect(code).toBe(1);
    expect(out).toBe("");
    expect(err).toMatch(message);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
  });

  it("an invoice that no broker would take ends the run with one message", async () => {
    const row = `1,A,${"long ".repeat(100)},1,12/1/2010 8:26,1.00,17850,France\n`;
    const { code, err } = await jobOf("--file", await fileOf(`${header}\n${row.repeat(600)}`));
    expect(code).toBe(1);
    expect(err).toMatch(/✗ invoice 1 was not filed: tailwind\.import\.invoice has \d+ bytes/);
  });

  it.each([
    ["no/such/file.csv", /cannot read no\/such\/file\.csv: there is no such file/],
    [tmpdir(), /cannot read .*: it is a folder/],
  ])("%s ends the run with one message", async (path, message) => {
    const { code, err } = await jobOf("--file", path);
    expect(code).toBe(1);
    expect(err).toMatch(message);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
  });

  it.each([
    [["--repeat", "0"], /--repeat is "0"/],
    [["--repeat", "many"], /--repeat is "many"/],
    [
      ["--sabotage", "everything"],
      /--sabotage is "everything": give lose-one, charge-twice, skip-checkpoint/,
    ],
    [["--nonsense"], /--nonsense/],
    [["surplus"], /surplus/],
  ])("%j is answered with the usage", async (args, message) => {
    const { code, out, err } = await jobOf(...args);
    expect(code).toBe(2);
    expect(out).toBe("");
    expect(err).toMatch(message);
    expect(err).toContain("Usage: npm start --");
    expect(err).not.toMatch(/^ +at /m);
  });

  it("prints the usage when asked for it", async () => {
    const { code, out } = await jobOf("--help");
    expect(code).toBe(0);
    expect(out).toContain("--sabotage <how>");
  });
});
