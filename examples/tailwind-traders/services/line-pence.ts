/** A line over ten thousand million pounds is a slip of the pen, and its sums would not be exact. */
const mostPence = 1_000_000_000_000n;

/**
 * Quantity times price in whole pence, rounded half up; computed on the digits as they were written, since 1.005 is no
 * binary fraction. Nothing if the price is no decimal above 0, or the amount is absurd.
 */
export function linePence(quantity: number, price: string): number | undefined {
  const [, pounds = "", fraction = ""] = /^(\d+)(?:\.(\d+))?$/.exec(price) ?? [];
  const unit = BigInt(pounds + fraction);
  if (unit === 0n) return undefined;
  const scale = 10n ** BigInt(fraction.length);
  const hundredths = BigInt(quantity) * unit * 100n;
  const whole = hundredths / scale;
  const rounded = (hundredths % scale) * 2n >= scale ? whole + 1n : whole;
  return rounded <= mostPence ? Number(rounded) : undefined;
}
