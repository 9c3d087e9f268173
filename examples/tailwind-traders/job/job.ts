import { fileURLToPath } from "node:url";
import { openCarrier } from "../carriers/carrier.js";
import { NoCarrier } from "../carriers/no-carrier.js";
import { controlTotals } from "../control/control-totals.js";
import { differences } from "../control/differences.js";
import { figuresOf } from "../report/figures.js";
import { summaryOf } from "../report/summary.js";
import { readCorrections } from "../shop-file/corrections.js";
import { readInvoiceFile, UnusableFile } from "../shop-file/invoice-file.js";
import { NotFiled } from "../services/back-office.js";
import { readCommandLine, usage, UsageError, type Request } from "./command-line.js";
import { openNarrator, type Output } from "./narrator.js";
import { Stalled } from "./progress.js";
import { runDay } from "./the-day.js";

const sample = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** A bound on hanging, far beyond any retry: the machine may be busy. */
const stallMs = 20_000;

/**
 * The whole job: reads the file, lives through the day, compares with the control totals and reports.
 *
 * Answers the exit code: 0 if every figure is right, 1 if one is not or the file cannot be used, 2 for a command line
 * that is not understood. Whatever goes wrong is one message on `err`, never a stack trace.
 */
export async function runJob(args: readonly string[], out: Output, err: Output): Promise<number> {
  try {
    const request = readCommandLine(args);
    if (!request.help) return await work(request, out, err);
    out.write(`${usage}\n`);
    return 0;
  } catch (error) {
    const known = [UnusableFile, UsageError, NotFiled, NoCarrier, Stalled].some(
      (type) => error instanceof type,
    );
    err.write(`✗ ${known ? "" : "unexpected: "}${error instanceof Error ? error.message : String(error)}\n`);
    if (error instanceof UsageError) err.write(`\n${usage}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function work(
  { transport, file, json, replays, sabotage }: Request,
  out: Output,
  err: Output,
): Promise<number> {
  const path = file ?? sample("data/online-retail-2010-12-01.csv");
  const invoices = await readInvoiceFile(path);
  const corrections = await readCorrections(sample("corrections.json"));
  const tell = openNarrator(err);
  tell.say(`${invoices.length} invoices to file${replays > 1 ? `, ${replays} times` : ""}`);

  const carrier = await openCarrier(transport, process.env);
  const plan = { carrier, invoices, corrections, replays, sabotage, stallMs };
  const day = await runDay(plan, tell).finally(() => carrier.close());
  const wrong = differences(day, await controlTotals(path, corrections, replays));
  tell.rest();
  out.write(json ? `${JSON.stringify(figuresOf(day))}\n` : `${summaryOf(day)}\n`);
  for (const difference of wrong) tell.say(`✗ ${difference}`);
  if (wrong.length === 0) tell.say("✓ every figure agrees with the control totals of the file");
  return wrong.length === 0 ? 0 : 1;
}
