import { describe, expect, it } from "vitest";
import { readInvoiceFile } from "../shop-file/invoice-file.js";
import { fileOf, header } from "./shop.js";

const row = (number: string, article: string): string => `${number},${article},MUG,1,today,1.00,c,France`;

async function articlesIn(...rows: readonly string[]) {
  const invoices = await readInvoiceFile(await fileOf([header, ...rows].join("\n")));
  return invoices.map(({ invoice, rows }) => `${invoice}: ${rows.map((each) => each.stockCode).join(" ")}`);
}

describe("the file of invoices", () => {
  it("groups rows by their number", async () => {
    expect(await articlesIn(row("1", "a"), row("1", "b"), row("2", "c"))).toEqual(["1: a b", "2: c"]);
  });

  it("takes equal rows beside each other for two lines", async () => {
    expect(await articlesIn(row("1", "a"), row("1", "a"))).toEqual(["1: a a"]);
  });

  it("takes a block that comes again for the invoice filed again", async () => {
    expect(
      await articlesIn(row("1", "a"), row("1", "b"), row("2", "c"), row("1", "a"), row("1", "b")),
    ).toEqual(["1: a b", "2: c", "1: a b"]);
  });

  it("takes several rows that come again at once for the invoice filed again", async () => {
    const once = [row("1", "a"), row("1", "b")];
    expect(await articlesIn(...once, ...once, ...once)).toEqual(["1: a b", "1: a b", "1: a b"]);
    expect(await articlesIn(...once, row("1", "a"))).toEqual(["1: a b a"]);
  });

  it("takes other rows further down for more of the same invoice", async () => {
    expect(await articlesIn(row("1", "a"), row("2", "c"), row("1", "b"), row("2", "c"))).toEqual([
      "1: a b",
      "2: c",
      "2: c",
    ]);
  });

  it("reads a byte order mark, quotes, every line end and blanks around values", async () => {
    const content = `\uFEFF${header}\r\n1,a,"MUG, ""BLUE""\r\nAND WHITE",1,today, 1.00 ,c,France\n\r\n2,b,6" PLATE,1,today,1.00,c,France\r`;
    const [first, second] = await readInvoiceFile(await fileOf(content));
    expect(first?.rows).toEqual([
      {
        stockCode: "a",
        description: 'MUG, "BLUE"\r\nAND WHITE',
        quantity: "1",
        invoiceDate: "today",
        unitPrice: "1.00",
        customerId: "c",
        country: "France",
        surplus: [],
      },
    ]);
    expect(second?.rows[0]?.description).toBe('6" PLATE');
  });

  it("keeps rows that are too short or too long as they are", async () => {
    const [short, long] = await readInvoiceFile(
      await fileOf(`${header}\n1,a\n2,a,MUG,1,today,1.00,c,France,more,and more\n`),
    );
    expect(short?.rows[0]).toMatchObject({ stockCode: "a", country: "", surplus: [] });
    expect(long?.rows[0]?.surplus).toEqual(["more", "and more"]);
  });
});
