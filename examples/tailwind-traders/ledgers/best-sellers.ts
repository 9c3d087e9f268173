/** Pieces sold, by article. */
export interface BestSellers {
  readonly lines: number;
  readonly pieces: number;
  /** Countries whose last line has been read. */
  readonly closed: Set<string>;
  add(lines: readonly Sold[]): void;
  /** The articles that sold most, most first. */
  top(count: number): readonly Article[];
}

export interface Article {
  readonly description: string;
  readonly pieces: number;
}

interface Sold {
  readonly stockCode: string;
  readonly description: string;
  readonly quantity: number;
}

export function openBestSellers(): BestSellers {
  const articles = new Map<string, Article>();
  const sold = { lines: 0, pieces: 0 };
  return {
    closed: new Set(),
    get lines() {
      return sold.lines;
    },
    get pieces() {
      return sold.pieces;
    },
    add: (lines) => {
      for (const { stockCode, description, quantity } of lines) {
        sold.lines += 1;
        sold.pieces += quantity;
        const pieces = (articles.get(stockCode)?.pieces ?? 0) + quantity;
        articles.set(stockCode, { description, pieces });
      }
    },
    top: (count) => [...articles.values()].sort((a, b) => b.pieces - a.pieces).slice(0, count),
  };
}
