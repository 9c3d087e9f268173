import type { Classified } from "../policy/classify.js";
import type { Decision } from "../policy/decide.js";

/** What one attempt at a delivery came to. Nothing is settled yet. */
export type Verdict =
  | {
      readonly kind: "complete";
      readonly how: "handled" | "ignored" | "duplicate";
      readonly durationMs: number;
    }
  | { readonly kind: "defer" }
  | { readonly kind: "failed"; readonly decision: Decision; readonly failure: Classified };

export const ignored: Verdict = { kind: "complete", how: "ignored", durationMs: 0 };
export const duplicate: Verdict = { kind: "complete", how: "duplicate", durationMs: 0 };

/** Nothing is settled: `why` is for people. */
export const leave = (why: string): Verdict => ({
  kind: "failed",
  decision: { kind: "leave" },
  failure: {
    class: "lockLost",
    reason: "Manual",
    name: "WaybillError",
    code: undefined,
    message: why,
    stack: undefined,
    hintMs: undefined,
  },
});

/** Dead-lettered because somebody says so. */
export const deadLettered = (description: string): Verdict => ({
  kind: "failed",
  decision: { kind: "deadLetter", reason: "Manual" },
  failure: {
    class: "permanent",
    reason: "Manual",
    name: "",
    code: undefined,
    message: description,
    stack: undefined,
    hintMs: undefined,
  },
});
