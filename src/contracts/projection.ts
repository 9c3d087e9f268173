import type { Message } from "./message.js";

/** Reduces a value to what a schema declares. */
export type Projection = (value: unknown) => unknown;

/** The projection of a message's input, or a warning that says why there is none. */
export function projectionOf(_spec: Message["~message"]): {
  readonly project: Projection;
  readonly warning: string | undefined;
} {
  return { project: (value) => value, warning: undefined };
}
