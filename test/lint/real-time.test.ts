import { RuleTester } from "eslint";
import tseslint from "typescript-eslint";
import { describe, it } from "vitest";
import { realTimeRule } from "../../lint/real-time-rule.js";

RuleTester.describe = describe;
RuleTester.it = it;

new RuleTester({ languageOptions: { parser: tseslint.parser } }).run(
  "real time and randomness",
  realTimeRule,
  {
    valid: [
      "export const at = (ms: number) => new Date(ms).toISOString();",
      "export const ms = Date.parse('2010-12-01');",
      "export const isDate = (x: unknown): x is Date => x instanceof Date;",
      "export const floor = Math.floor(1.5);",
      "export const both = AbortSignal.any([]);",
      "export const isSignal = (x: unknown) => x instanceof AbortSignal;",
      "export const wait = (setTimeout: () => void) => setTimeout();",
      "export type Timer = { setTimeout: Date };",
      "export const version = process.version;",
      'import { createHash } from "node:crypto"; export const hash = createHash;',
      'export const hash = () => process.getBuiltinModule("node:crypto").createHash("sha256");',
      'import { Buffer } from "node:buffer"; export const b = Buffer;',
      'import { setTimeout } from "./runtime.js"; setTimeout();',
    ],
    invalid: [
      "Date.now();",
      "const { now } = Date;",
      "const clock = Date;",
      "new Date();",
      "Date();",
      "new globalThis.Date();",
      "globalThis.Date.now();",
      'globalThis["setTimeout"](() => {}, 1);',
      "Math.random();",
      "const { random } = Math;",
      "setTimeout(() => {}, 1);",
      "const later = setInterval;",
      "setImmediate(() => {});",
      "queueMicrotask(() => {});",
      "performance.now();",
      "process.hrtime.bigint();",
      "process.nextTick(() => {});",
      "crypto.randomUUID();",
      'crypto.subtle.digest("SHA-256", bytes);',
      "AbortSignal.timeout(5);",
      "new WeakRef({});",
      "new FinalizationRegistry(() => {});",
      'fetch("http://localhost");',
      'import { setTimeout } from "node:timers";',
      'import { readFile } from "node:fs/promises";',
      'import { setTimeout as sleep } from "node:timers/promises";',
      'export { setTimeout } from "node:timers";',
      'export const load = () => import("node:fs");',
      'import { randomUUID } from "node:crypto";',
      'export const id = () => process.getBuiltinModule("node:crypto").randomUUID();',
      'export const crypto = process.getBuiltinModule("crypto");',
      "export const load = (name: string) => process.getBuiltinModule(name);",
      'import { createHash, randomBytes } from "node:crypto";',
      'import * as crypto from "node:crypto";',
    ].map((code) => ({ code, errors: 1 })),
  },
);
