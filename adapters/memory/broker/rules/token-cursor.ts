import { RuleSyntaxError } from "./rule-syntax-error.js";
import { tokenize, type Token } from "./sql-tokens.js";

/** A place in the tokens of one expression, and how deeply the parser has nested there. */
export class TokenCursor {
  private readonly tokens: readonly Token[];
  private index = 0;
  private depth = 0;

  constructor(expression: string) {
    this.tokens = tokenize(expression);
  }

  get next(): Token {
    return this.ahead(0);
  }

  ahead(count: number): Token {
    const token = this.tokens[Math.min(this.index + count, this.tokens.length - 1)];
    if (token === undefined) throw new RangeError("tokens always end with an end token");
    return token;
  }

  take(): Token {
    const token = this.next;
    this.index++;
    return token;
  }

  /** Takes the keyword or symbol if it comes next. */
  accept(text: string): boolean {
    if (!this.at(text)) return false;
    this.index++;
    return true;
  }

  at(text: string): boolean {
    const { kind, text: found } = this.next;
    return (kind === "keyword" || kind === "symbol") && found === text;
  }

  expect(text: string): void {
    if (!this.accept(text)) this.fail(`'${text}'`);
  }

  /** Parses something nested; the bound keeps hostile input off the call stack. */
  nested<T>(parse: () => T): T {
    if (++this.depth > maxDepth) {
      throw new RuleSyntaxError(`Expected at most ${String(maxDepth)} nested levels`, this.next.position);
    }
    const result = parse();
    this.depth--;
    return result;
  }

  fail(expected: string, at: Token = this.next): never {
    const found = at.kind === "end" ? "the end" : `'${at.text}'`;
    throw new RuleSyntaxError(`Expected ${expected} but found ${found}`, at.position);
  }
}

const maxDepth = 64;
