import { FiledInvoice, imports } from "tailwind-contracts";
import type { DeadLetterEntry } from "waybill";
import type { Carrier } from "../carriers/carrier.js";
import { openLedgers, type Ledgers } from "../ledgers/ledgers.js";
import { openCardProvider, type CardProvider } from "../provider/card-provider.js";
import { closeTills, file, type Filing } from "../services/back-office.js";
import { intake } from "../services/intake.js";
import { revenueDesk } from "../services/sales.js";
import { home } from "../services/shipping.js";
import { correct, type Correction } from "../shop-file/corrections.js";
import type { InvoiceOfFile } from "../shop-file/invoice-file.js";
import type { Narrator } from "./narrator.js";
import { openShop, type Shop } from "./open-shop.js";
import { openProgress, type Goal } from "./progress.js";
import { tamper, type Sabotage } from "./sabotage.js";
import { openTraffic, type Traffic } from "./traffic.js";

/** What is to happen on a day. */
export interface DayPlan {
  readonly carrier: Carrier;
  readonly invoices: readonly InvoiceOfFile[];
  readonly corrections: readonly Correction[];
  /** How many times the file is played, each with numbers of its own. */
  readonly replays: number;
  readonly sabotage: Sabotage | undefined;
  /** After how many milliseconds of silence the day is given up. */
  readonly stallMs: number;
}

/** What the day left behind. */
export interface Day {
  readonly ledgers: Ledgers;
  readonly provider: CardProvider;
  readonly traffic: Traffic;
  /** What the revenue desk had read when it was stopped in the middle of the day. */
  readonly linesAtStop: number;
  readonly leftOver: readonly DeadLetterEntry[];
  /** From the first filing until the last goal was reached. */
  readonly elapsedMs: number;
}

/**
 * Lives through a day: files the first half of the invoices, stops the revenue desk in the middle of its work, files the
 * rest, starts it again from its checkpoint, corrects the dead letters that can be corrected, and waits for all effects.
 * @throws {Stalled} if the services fall silent before the day is done.
 */
export async function runDay(plan: DayPlan, tell: Narrator): Promise<Day> {
  const ledgers = openLedgers();
  const provider = openCardProvider();
  const traffic = openTraffic();
  const progress = openProgress(plan.stallMs);
  const parts = tamper({ intake, cards: provider, revenueAgain: revenueDesk }, plan.sabotage);
  const shop = await openShop(plan.carrier, parts, ledgers, (event) => {
    traffic.note(event);
    tell.status(statusOf(ledgers, provider));
    progress.noted();
  });
  try {
    const startedMs = performance.now();
    const filings = filingsOf(plan);
    const half = Math.ceil(filings.length / 2);

    await file(shop.office, filings.slice(0, half));
    await progress.until(decided(traffic, half));
    await progress.until(...halfRead(ledgers));
    const goOn = await shop.interruptRevenue();
    const linesAtStop = ledgers.revenue.allLines;
    tell.say(`the revenue desk stopped after ${linesAtStop} lines`);
    await file(shop.office, filings.slice(half));
    await goOn();
    tell.say("the revenue desk goes on");

    await progress.until(decided(traffic, filings.length));
    const redriven = await correctDeadLetters(shop, plan.corrections, tell);
    await progress.until(decided(traffic, filings.length + redriven), ...ordersDone(ledgers, traffic));
    const countries = countriesOf(ledgers);
    await closeTills(shop.office, countries);
    await progress.until(...tillsClosed(ledgers, countries));
    const elapsedMs = performance.now() - startedMs;
    return { ledgers, provider, traffic, linesAtStop, leftOver: await shop.deadLetters(), elapsedMs };
  } finally {
    await shop.close();
  }
}

const filingsOf = ({ invoices, replays }: DayPlan): readonly Filing[] =>
  Array.from({ length: replays }, (_, index) =>
    invoices.map((invoice) => ({ ...invoice, replay: index + 1 })),
  ).flat();

const decided = (traffic: Traffic, filed: number): Goal => ({
  what: "invoices that intake has decided on",
  have: () => traffic.ended("import"),
  want: () => filed,
});

const allTaken = ({ register, book }: Ledgers): Goal => ({
  what: "orders and cancellations taken",
  have: () => book.placed.size + book.cancelled.size,
  want: () => register.accepted.size,
});

/** The middle of the work: everything is ordered, and of its lines half is read. */
const halfRead = (ledgers: Ledgers): Goal[] => [
  allTaken(ledgers),
  {
    what: "lines that the revenue desk has read",
    have: () => ledgers.revenue.allLines,
    want: () => Math.ceil(ledgers.book.lines / 2),
  },
];

/** Each goal asks for what the service before has recorded, never for what the file says: that is checked afterwards. */
function ordersDone(ledgers: Ledgers, traffic: Traffic): Goal[] {
  const { book, stock, shipped, declared } = ledgers;
  const taken = allTaken(ledgers);
  const abroad = (): number => [...book.placed.values()].filter(({ country }) => country !== home).length;
  return [
    taken,
    { what: "changes of stock", have: () => stock.moves, want: taken.have },
    { what: "lines sold", have: () => traffic.sent("sales"), want: () => book.lines },
    { what: "orders paid and shipped", have: () => shipped.size, want: () => book.placed.size },
    { what: "parcels declared at customs", have: () => declared.size, want: abroad },
  ];
}

const countriesOf = ({ book }: Ledgers): ReadonlySet<string> =>
  new Set([...book.placed.values()].flatMap(({ lines }) => lines.map(({ country }) => country)));

/** A till is closed behind its last line, so a reader that has seen it has seen every line, however often. */
const tillsClosed = ({ revenue, bestSellers }: Ledgers, { size }: ReadonlySet<string>): Goal[] => [
  { what: "tills closed by the revenue desk", have: () => revenue.closed.size, want: () => size },
  { what: "tills closed by the trend desk", have: () => bestSellers.closed.size, want: () => size },
];

/** Shows the dead letters and sends back, corrected, those that somebody looked into. Answers how many. */
async function correctDeadLetters(
  shop: Shop,
  corrections: readonly Correction[],
  tell: Narrator,
): Promise<number> {
  const letters = shop.intake.deadLetters(imports);
  const found = await shop.deadLetters();
  for (const { reason, description } of found.slice(0, mostShown)) {
    tell.say(`dead letter (${reason}): ${description}`);
  }
  if (found.length > mostShown) tell.say(`and ${found.length - mostShown} dead letters more`);

  const redriven = new Set<Correction>();
  let count = 0;
  for (const entry of found) {
    const filed = FiledInvoice.safeParse(entry.data);
    const correction = corrections.find(({ invoice }) => invoice === filed.data?.invoice);
    if (correction === undefined) continue;
    await letters.redrive(entry, { edit: (data) => correct(FiledInvoice.parse(data), correction) });
    redriven.add(correction);
    count += 1;
  }
  for (const { invoice, why } of redriven) tell.say(`invoice ${invoice} corrected and sent again: ${why}`);
  return count;
}

/** Enough to see what is wrong; the summary counts all. */
const mostShown = 10;

/** Short, so that it fits into one row of a terminal. */
function statusOf({ register, book, revenue, shipped }: Ledgers, provider: CardProvider): string {
  const decided = register.accepted.size + register.rejected;
  return `${decided} invoices, ${book.placed.size} orders, ${provider.charges.length} charged, ${shipped.size} shipped, ${revenue.allLines} lines`;
}
