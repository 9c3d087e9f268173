import type { intake } from "../services/intake.js";
import type { Cards } from "../services/cards.js";
import { revenueDeskOf, type revenueDesk } from "../services/sales.js";

/** Ways to break the day on purpose, to see that the control totals notice. */
export const sabotages = ["lose-one", "charge-twice", "skip-checkpoint"] as const;
export type Sabotage = (typeof sabotages)[number];

/** The parts of the day that can be tampered with. */
export interface Parts {
  readonly intake: typeof intake;
  readonly cards: Cards;
  /** Who goes on reading the revenue in the second half of the day. */
  readonly revenueAgain: typeof revenueDesk;
}

/** Tampers with the parts; without sabotage they stay as they are. */
export function tamper(parts: Parts, sabotage: Sabotage | undefined): Parts {
  switch (sabotage) {
    case undefined:
      return parts;
    case "lose-one":
      return { ...parts, intake: losingOne(parts.intake) };
    case "charge-twice":
      return { ...parts, cards: keyless(parts.cards) };
    case "skip-checkpoint":
      return { ...parts, revenueAgain: revenueDeskOf("revenue-without-checkpoint") };
  }
}

/** The first invoice is taken from the queue and never looked at. */
function losingOne(desk: typeof intake): typeof intake {
  let lost = false;
  return desk.around(async (_run, next) => {
    if (lost) await next();
    lost = true;
  });
}

/** Every call has a key of its own; and the answer to the first is lost, so that there is a second. */
function keyless(cards: Cards): Cards {
  let calls = 0;
  return {
    charge: async (request, options) => {
      calls += 1;
      const first = calls === 1;
      await cards.charge(request, { ...options, idempotencyKey: `call-${calls}` });
      if (first) throw new Error("the answer was lost on purpose");
    },
  };
}
