/**
 * The whole number of an option. One that is none, or smaller than `least`, ends the program with exit code 2: a run of
 * nothing must not look like one in which all went well.
 */
export function wholeNumber(option: string, text: string, least = 1): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  console.error(`give --${option} a whole number from ${least} up, not ${JSON.stringify(text)}`);
  process.exit(2);
}
