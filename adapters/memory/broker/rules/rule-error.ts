/**
 * A rule that could not be evaluated against a message, such as one that reads a system property that does not
 * exist. A subscription that dead-letters on filter errors uses `name` as the dead-letter reason.
 */
export class RuleError extends Error {
  override readonly name = "FilterException";
}
