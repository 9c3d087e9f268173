/** The one that a pick names; nothing where there is none. */
export const at = <T>(items: readonly T[], pick: number): T | undefined => items[pick % items.length];

/** Those that picks name, each once. */
export const each = <T>(items: readonly T[], picks: readonly number[]): readonly T[] => [
  ...new Set(items.length === 0 ? [] : picks.map((pick) => items[pick % items.length] as T)),
];

/** Takes the one that a pick names out of them: one, or none where there is none. */
export const takeFrom = <T>(items: T[], pick: number): readonly T[] =>
  items.length === 0 ? [] : items.splice(pick % items.length, 1);
