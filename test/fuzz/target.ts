import type { Random } from "./random.js";

/** A parser of outside data with what is thrown at it. */
export interface Target {
  /** As `--target` names it. */
  readonly name: string;
  /** Makes one input: by a grammar, out of the corpus, or a mutation of either. */
  make(random: Random): Trial;
  /** Whether the parser may answer so. Everything else is a crash. */
  refuses(error: unknown): boolean;
  /** Inputs of a size that the caller chooses, one family for each way in which they can grow. */
  readonly growing: Readonly<Record<string, (size: number) => Trial>>;
}

/** One input, and the parser that waits for it. */
export interface Trial {
  /** For the report of a failure. */
  readonly input: unknown;
  /** Characters, bytes or entries. */
  readonly size: number;
  /** Parses, checks what must hold of the result and returns it. @throws what the parser throws, or {@link Broken}. */
  run(): unknown;
}

/** A parser gave an answer that it must not give. */
export class Broken extends Error {
  override readonly name = "Broken";
}

/** @throws {Broken} unless it holds. */
export function must(holds: boolean, rule: string): asserts holds {
  if (!holds) throw new Broken(rule);
}
