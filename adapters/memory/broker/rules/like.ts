import { RuleError } from "./rule-error.js";

/**
 * Compiles a LIKE pattern: `%` is any text, `_` any one character (UTF-16 unit), the rest compares by case.
 *
 * Matching only ever returns to the last `%`, so it costs at most text length times pattern length.
 *
 * @throws {RuleError} if the pattern is longer than 1,024 characters, if `escape` is not one character, or if
 * nothing follows it in the pattern.
 */
export function compileLike(pattern: string, escape?: string): (text: string) => boolean {
  if (pattern.length > maxPatternLength) {
    throw new RuleError(`A LIKE pattern has at most ${String(maxPatternLength)} characters.`);
  }
  const steps = parsePattern(pattern, escape);
  return (text) => matchesSteps(steps, text);
}

const maxPatternLength = 1024;
const anyText = -1;
const anyCharacter = -2;

function parsePattern(pattern: string, escape: string | undefined): readonly number[] {
  if (escape !== undefined && escape.length !== 1) {
    throw new RuleError("The ESCAPE of LIKE must be a text of one character.");
  }
  const steps: number[] = [];
  for (let index = 0; index < pattern.length; index++) {
    const character = pattern[index];
    if (character === escape) {
      index++;
      if (index === pattern.length) throw new RuleError("Nothing follows the escape character in LIKE.");
      steps.push(pattern.charCodeAt(index));
    } else if (character === "%") {
      if (steps.at(-1) !== anyText) steps.push(anyText);
    } else {
      steps.push(character === "_" ? anyCharacter : pattern.charCodeAt(index));
    }
  }
  return steps;
}

function matchesSteps(steps: readonly number[], text: string): boolean {
  let at = 0;
  let step = 0;
  let retryStep = -1;
  let retryAt = 0;
  while (at < text.length) {
    const expected = steps[step];
    if (expected === anyText) {
      retryStep = ++step;
      retryAt = at;
    } else if (expected === anyCharacter || expected === text.charCodeAt(at)) {
      at++;
      step++;
    } else if (retryStep >= 0) {
      step = retryStep;
      at = ++retryAt;
    } else {
      return false;
    }
  }
  if (steps[step] === anyText) step++;
  return step === steps.length;
}
