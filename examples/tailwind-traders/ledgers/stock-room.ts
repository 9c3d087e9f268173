/** What went out of the shelves and came back, in pieces. */
export interface StockRoom {
  readonly out: number;
  readonly in: number;
  /** How many orders and cancellations were worked off. */
  readonly moves: number;
  move(direction: "out" | "in", lines: readonly { readonly quantity: number }[]): void;
}

export function openStockRoom(): StockRoom {
  const pieces = { out: 0, in: 0 };
  let moves = 0;
  return {
    get out() {
      return pieces.out;
    },
    get in() {
      return pieces.in;
    },
    get moves() {
      return moves;
    },
    move: (direction, lines) => {
      moves += 1;
      for (const { quantity } of lines) pieces[direction] += quantity;
    },
  };
}
