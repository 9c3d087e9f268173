import type { PropertyValue } from "../message.js";

/** SQL text and the values of its `@` parameters, which may be named with or without the `@`. */
export interface SqlText {
  readonly type: "sql";
  /** At most 1,024 characters. */
  readonly expression: string;
  readonly parameters?: Readonly<Record<string, PropertyValue>>;
}
