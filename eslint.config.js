import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";
import { realTimeRule } from "./lint/real-time-rule.js";
import { roomsRule } from "./lint/rooms-rule.js";

const product = ["src/**/*.ts", "adapters/**/*.ts", "tools/**/*.ts"];
const tests = ["test/**/*.ts", "examples/**/test/**/*.ts", "examples/**/*.test.ts"];

/** @param {string} selector @param {string} message */
const no = (selector, message) => ({ selector, message });

const everywhere = [
  no("ExportAllDeclaration", "`export *` hides what is public: name each export."),
  no("TSEnumDeclaration", "Use a union of string literals: enums are neither types nor plain values."),
  no("TSModuleDeclaration[kind='namespace']", "A file is the namespace."),
];
const namedOnly = no(
  "ExportDefaultDeclaration",
  "Named exports only: one name everywhere, and renames are seen.",
);

const waits = "Tests do not sleep and read no clock: advance the virtual clock, or await the event itself.";

export default defineConfig(
  { ignores: ["**/dist/", "coverage/", "**/node_modules/", "**/.cache/"] },
  {
    // A rule that does not fit is switched off here, for all and with its reason; never by a comment.
    linterOptions: { noInlineConfig: true },
  },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: "./tsconfig.json", tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/consistent-type-imports": [
        "error",
        { fixStyle: "separate-type-imports", disallowTypeAnnotations: false },
      ],
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
      "@typescript-eslint/ban-ts-comment": [
        "error",
        { "ts-expect-error": true, "ts-ignore": true, "ts-nocheck": true },
      ],
      "no-restricted-syntax": ["error", ...everywhere],
      "no-warning-comments": ["error", { terms: ["todo", "fixme", "hack", "xxx"], location: "start" }],
      "no-console": "error",
      eqeqeq: "error",
      "prefer-const": "error",
      "no-var": "error",

      // Numbers in messages are the normal case; objects and nullish values are still refused.
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      // A port may return a value or a promise, and an implementation of an async signature need not wait.
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/no-confusing-void-expression": "off",
      // `void` in a union says "or nothing" to a person who writes a handler; `undefined` would demand a return.
      "@typescript-eslint/no-invalid-void-type": "off",
      // A type parameter used once still carries inference at a builder's call.
      "@typescript-eslint/no-unnecessary-type-parameters": "off",
      // A closed table read by an index that the checker calls certain may still be fed from outside.
      "@typescript-eslint/no-unnecessary-condition": "off",
      // `noUncheckedIndexedAccess` asks for the assertion wherever a ring or a heap knows its bounds.
      "@typescript-eslint/no-non-null-assertion": "off",
      // Objects here are made of closures and have no `this` to lose.
      "@typescript-eslint/unbound-method": "off",
      // `{}` is the honest name of "no dependencies" in the type of a service.
      "@typescript-eslint/no-empty-object-type": "off",
      "@typescript-eslint/no-generated-empty-object-type": "off",
      // What was caught is thrown on as it was; making an error of it would hide what the user threw.
      "@typescript-eslint/only-throw-error": ["error", { allowThrowingUnknown: true }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
    },
  },
  {
    files: product,
    rules: {
      "max-lines": ["error", { max: 350, skipBlankLines: true, skipComments: true }],
      "max-lines-per-function": ["error", { max: 60, skipBlankLines: true, skipComments: true }],
      "no-restricted-syntax": ["error", ...everywhere, namedOnly],
    },
  },
  {
    files: [...product, "examples/**/*.ts"],
    plugins: { waybill: { rules: { rooms: roomsRule } } },
    rules: { "waybill/rooms": "error" },
  },
  {
    files: ["src/**/*.ts", "adapters/memory/**/*.ts"],
    ignores: ["src/runtime/**"],
    plugins: { clock: { rules: { "real-time": realTimeRule } } },
    rules: { "clock/real-time": "error" },
  },
  {
    files: tests,
    rules: {
      "no-restricted-globals": [
        "error",
        {
          globals: ["setTimeout", "setInterval", "performance"].map((name) => ({ name, message: waits })),
          checkGlobalObject: true,
        },
      ],
      "no-restricted-imports": [
        "error",
        {
          paths: ["timers", "timers/promises"]
            .flatMap((name) => [name, `node:${name}`])
            .map((name) => ({ name, message: waits })),
        },
      ],
      "no-restricted-properties": [
        "error",
        { object: "Date", property: "now", message: waits },
        { object: "Math", property: "random", message: "Draw from a printed seed, or from fast-check." },
      ],
      // Users throw anything, so tests do.
      "@typescript-eslint/only-throw-error": "off",
      // A refusal of the compiler is a test: the line is marked, and the mark fails when the line compiles.
      "@typescript-eslint/ban-ts-comment": [
        "error",
        { "ts-expect-error": "allow-with-description", "ts-ignore": true, "ts-nocheck": true },
      ],
    },
  },
  {
    // Programs that talk to a person on a terminal.
    files: ["examples/**/*.ts", "scripts/**/*.ts", "test/package/**/*.ts", "bench/**/*.ts", "tools/**/*.ts"],
    rules: { "no-console": "off" },
  },
);
