import { withoutSecrets } from "../../src/transport/index.js";

/** What a service, client or store says, fit for a message of ours: one line, without secrets, at most 1,000 characters. */
export function toldText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return withoutSecrets(text)
    .replace(/[\p{Cc}\u2028\u2029]+ */gu, " ")
    .trim()
    .slice(0, maxLength);
}

const maxLength = 1_000;
