import { header } from "./shop.js";

/** One invoice of the dirty file, and what is wrong with it. */
interface Dirt {
  readonly what: string;
  readonly rows: readonly string[];
  /** What intake says of it. */
  readonly says: string;
}

const date = "12/1/2010 8:26";
const good = `A1,GOOD LINE,1,${date},1.00,17850,United Kingdom`;

/** Every kind of dirt, each in an invoice of its own whose other row is good. */
export const dirt: readonly Dirt[] = [
  {
    what: "no customer",
    rows: [good, `A2,MUG,1,${date},1.00,,United Kingdom`],
    says: "row 2 has no customer",
  },
  { what: "no country", rows: [good, `A2,MUG,1,${date},1.00,17850,`], says: "row 2 has no country" },
  { what: "blank country", rows: [good, `A2,MUG,1,${date},1.00,17850,  `], says: "row 2 has no country" },
  { what: "quantity 0", rows: [good, `A2,MUG,0,${date},1.00,17850,France`], says: 'row 2 has quantity "0"' },
  {
    what: "quantity below 0",
    rows: [good, `A2,MUG,-3,${date},1.00,17850,France`],
    says: 'row 2 has quantity "-3"',
  },
  {
    what: "half a piece",
    rows: [good, `A2,MUG,1.5,${date},1.00,17850,France`],
    says: 'row 2 has quantity "1.5"',
  },
  {
    what: "text in quantity",
    rows: [good, `A2,MUG,six,${date},1.00,17850,France`],
    says: 'row 2 has quantity "six"',
  },
  {
    what: "absurd quantity",
    rows: [good, `A2,MUG,99999999999999999999,${date},1.00,17850,France`],
    says: 'row 2 has quantity "99999999999999999999"',
  },
  { what: "price 0", rows: [good, `A2,MUG,1,${date},0.00,17850,France`], says: 'row 2 has price "0.00"' },
  {
    what: "price below 0",
    rows: [good, `A2,MUG,1,${date},-2.50,17850,France`],
    says: 'row 2 has price "-2.50"',
  },
  {
    what: "text in price",
    rows: [good, `A2,MUG,1,${date},2.5O,17850,France`],
    says: 'row 2 has price "2.5O"',
  },
  {
    what: "exponent in price",
    rows: [good, `A2,MUG,1,${date},1e3,17850,France`],
    says: 'row 2 has price "1e3"',
  },
  { what: "no price", rows: [good, `A2,MUG,1,${date},,17850,France`], says: "row 2 has price (none)" },
  {
    what: "price with a comma",
    rows: [good, `A2,MUG,1,${date},"2,50",17850,France`],
    says: 'row 2 has price "2,50"',
  },
  {
    what: "a column too many",
    rows: [good, `A2,MUG,1,${date},2.50,17850,France,extra`],
    says: "row 2 has 1 columns too many",
  },
  { what: "a row cut short", rows: [good, `A2,MUG,1,${date}`], says: "row 2 has no customer" },
];

const dirtyRows = dirt.flatMap(({ rows }, index) => rows.map((row) => `${700000 + index},${row}`));

/** A file with every kind of dirt, with a BOM, both kinds of line ends, quotes, blank lines, repeats and replays. */
export const dirtyFile = `\uFEFF${[
  header,
  `600001,A1,"MUG, ""BLUE""",2,${date},1.005,17850,United Kingdom`,
  `600001,A2,PLATE 6" ROUND,3,${date},0.50,17850,United Kingdom`,
  // Filed again right behind itself.
  `600001,A1,"MUG, ""BLUE""",2,${date},1.005,17850,United Kingdom`,
  `600001,A2,PLATE 6" ROUND,3,${date},0.50,17850,United Kingdom`,
  "",
  `C600002,A1,MUG,-1,${date},1.00,17850,United Kingdom`,
  ...dirtyRows,
  // The same invoice twice, once more among others, and a rejected one twice.
  `600003,A3,"TWO\nLINES",1,${date},10,20000,France`,
  `600004,A4,BOWL,4,${date},0.333,20001,Germany`,
  `600003,A3,"TWO\nLINES",1,${date},10,20000,France`,
  `600005,A5,JAR,0,${date},1.00,20001,Germany`,
  `600003,A3,"TWO\nLINES",1,${date},10,20000,France`,
  `600005,A5,JAR,0,${date},1.00,20001,Germany`,
  // More rows of an invoice further down, and a cancellation that cancels nothing.
  `600004,A6,LID,1,${date},2.00,20001,Germany`,
  `C600006,A1,MUG,1,${date},1.00,17850,United Kingdom`,
  // Two equal rows beside each other are two lines.
  `600007,A7,SPOON,1,${date},0.10,20002,France`,
  `600007,A7,SPOON,1,${date},0.10,20002,France`,
  `,A8,NO NUMBER,1,${date},1.00,20002,France`,
].join("\r\n")}\n`;

/** What it comes to, by hand. */
export const dirtyFigures = {
  orders: 4,
  lines: 7,
  cancellations: 1,
  rejected: dirt.length + 3,
  revenuePence: {
    total: 201 + 150 + 1000 + 133 + 200 + 20,
    byCountry: { "United Kingdom": 351, Germany: 333, France: 1020 },
  },
  corrected: { orders: 0, pence: 0 },
  chargedPence: 1704,
  duplicateCharges: 0,
  duplicatesSuppressed: 4,
  deadLetters: { Manual: dirt.length + 3 },
};
