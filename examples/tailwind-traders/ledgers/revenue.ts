/** What was sold, by country: once for invoices as filed, and in all. */
export interface Revenue {
  /** Lines of invoices that were valid as filed. */
  readonly lines: number;
  /** Pence of invoices that were valid as filed, by country. */
  readonly byCountry: ReadonlyMap<string, number>;
  /** Every line, also of corrected invoices. */
  readonly allLines: number;
  /** Countries whose last line has been read. */
  readonly closed: Set<string>;
  add(line: { readonly country: string; readonly pence: number; readonly corrected: boolean }): void;
}

export function openRevenue(): Revenue {
  const byCountry = new Map<string, number>();
  const count = { filed: 0, all: 0 };
  return {
    byCountry,
    closed: new Set(),
    get lines() {
      return count.filed;
    },
    get allLines() {
      return count.all;
    },
    add: ({ country, pence, corrected }) => {
      count.all += 1;
      if (corrected) return;
      count.filed += 1;
      byCountry.set(country, (byCountry.get(country) ?? 0) + pence);
    },
  };
}
