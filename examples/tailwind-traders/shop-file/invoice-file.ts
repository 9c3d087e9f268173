import { readFile } from "node:fs/promises";
import { CsvError, parse } from "csv-parse/sync";
import type { ImportInvoice } from "tailwind-contracts";
import type { InputOf } from "waybill/contracts";

/** An invoice of the file. One that was filed twice is there twice. */
export type InvoiceOfFile = Pick<InputOf<typeof ImportInvoice>, "invoice" | "rows">;

/** The file is not what this job can read. The message is for a person, and all that a person needs. */
export class UnusableFile extends Error {}

const columns = [
  "InvoiceNo",
  "StockCode",
  "Description",
  "Quantity",
  "InvoiceDate",
  "UnitPrice",
  "CustomerID",
  "Country",
];

/**
 * Reads a file of invoice rows. An invoice is all rows of one number; a block of rows that repeats an earlier block of
 * its number is the invoice filed once more.
 * @throws {UnusableFile} if the file is missing, empty, no CSV or has another header.
 */
export async function readInvoiceFile(path: string): Promise<readonly InvoiceOfFile[]> {
  const [header, ...rows] = recordsOf(path, await textOf(path));
  if (header === undefined) throw new UnusableFile(`${path} is empty`);
  if (header.join() !== columns.join()) {
    // It may be any file at all: one line of it is enough, and no control characters.
    const found = JSON.stringify(header.join().slice(0, 100));
    throw new UnusableFile(`the header of ${path} is ${found}; it has to be "${columns.join()}"`);
  }
  if (rows.length === 0) throw new UnusableFile(`${path} has a header and no rows`);
  return invoicesOf(blocksOf(rows));
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const why = { ENOENT: "there is no such file", EISDIR: "it is a folder", EACCES: "access is denied" }[
      code
    ];
    throw new UnusableFile(`cannot read ${path}: ${why ?? code}`);
  }
}

function recordsOf(path: string, text: string): readonly (readonly string[])[] {
  try {
    return parse(text, {
      bom: true,
      record_delimiter: ["\r\n", "\n", "\r"],
      // A row of the wrong length or with a stray quote spoils its invoice, not the file.
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
    });
  } catch (error) {
    if (error instanceof CsvError) throw new UnusableFile(`${path} is no readable CSV: ${error.message}`);
    throw error;
  }
}

/** A run of rows with one number. */
interface Block {
  readonly invoice: string;
  readonly rows: string[][];
}

function blocksOf(rows: readonly (readonly string[])[]): readonly Block[] {
  const blocks: Block[] = [];
  for (const [number = "", ...rest] of rows) {
    const invoice = number.trim();
    const last = blocks.at(-1);
    if (last?.invoice === invoice) last.rows.push(rest);
    else blocks.push({ invoice, rows: [rest] });
  }
  return blocks.flatMap(filings);
}

/**
 * An invoice that was filed again right behind itself is two blocks: the whole run is one sequence of rows over and
 * over. Of a single row over and over nobody can tell; those are lines.
 */
function filings({ invoice, rows }: Block): readonly Block[] {
  const texts = rows.map((row) => JSON.stringify(row));
  for (let length = 2; length * 2 <= rows.length; length += 1) {
    const again = rows.length % length === 0 && texts.every((text, index) => text === texts[index % length]);
    const single = texts.slice(0, length).every((text) => text === texts[0]);
    if (!again || single) continue;
    return Array.from({ length: rows.length / length }, (_, nth) => ({
      invoice,
      rows: rows.slice(nth * length, (nth + 1) * length),
    }));
  }
  return [{ invoice, rows }];
}

function invoicesOf(blocks: readonly Block[]): readonly InvoiceOfFile[] {
  const rowsOf = new Map<string, string[][]>();
  const seen = new Set<string>();
  const filed: string[] = [];
  for (const block of blocks) {
    const rows = rowsOf.get(block.invoice) ?? [];
    const content = JSON.stringify(block);
    if (rows.length === 0 || seen.has(content)) filed.push(block.invoice);
    if (!seen.has(content)) rowsOf.set(block.invoice, [...rows, ...block.rows]);
    seen.add(content);
  }
  return filed.map((invoice) => ({ invoice, rows: (rowsOf.get(invoice) ?? []).map(rowOf) }));
}

function rowOf(cells: readonly string[]): InvoiceOfFile["rows"][number] {
  const [
    stockCode = "",
    description = "",
    quantity = "",
    invoiceDate = "",
    unitPrice = "",
    customerId = "",
    country = "",
    ...surplus
  ] = cells.map((cell) => cell.trim());
  return { stockCode, description, quantity, invoiceDate, unitPrice, customerId, country, surplus };
}
