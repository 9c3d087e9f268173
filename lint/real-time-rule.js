/**
 * Reports real time, real timers, randomness, I/O and engine-dependent collection: what only src/runtime/ may touch, so that a test
 * with a virtual clock and a seed sees everything that happens.
 * @type {import("eslint").Rule.RuleModule}
 */
export const realTimeRule = {
  meta: {
    type: "problem",
    schema: [],
    messages: {
      global:
        "`{{ what }}` is real {{ kind }}: take it from the runtime port, so that tests and the simulation own it.",
      builtin:
        "`{{ what }}` does I/O or waits: only pure builtins here ({{ pure }}); the rest is an adapter's or src/runtime/'s.",
    },
  },
  create(context) {
    /**
     * @param {import("estree").Node} node
     * @param {string} what
     * @param {string} kind
     */
    const report = (node, what, kind) => context.report({ node, messageId: "global", data: { what, kind } });

    /**
     * @param {import("eslint").Rule.Node} node
     * @param {unknown} source
     */
    const judgeBuiltin = (node, source) => {
      if (typeof source !== "string" || !source.startsWith("node:")) return;
      if (!pureBuiltins.includes(source))
        context.report({ node, messageId: "builtin", data: { what: source, pure: pureBuiltins.join(", ") } });
    };

    return {
      "Program:exit"(program) {
        for (const { name, node } of globalUses(context, program)) {
          const kind = bannedGlobals[name] ?? bannedMember(name, node);
          if (kind !== undefined) report(node, spelling(name, node), kind);
        }
      },
      ImportDeclaration(node) {
        judgeBuiltin(node, node.source.value);
        if (node.source.value !== "node:crypto") return;
        for (const specifier of node.specifiers) {
          const name =
            specifier.type === "ImportSpecifier" && "name" in specifier.imported && specifier.imported.name;
          if (name === false)
            report(specifier, "node:crypto as a whole", "randomness (import the functions by name)");
          else if (!pureCrypto.includes(String(name)))
            report(specifier, `node:crypto ${String(name)}`, "randomness or a wait");
        }
      },
      /** A builtin that is loaded when it is first used, with the function that is wanted of it. */
      "CallExpression[callee.property.name='getBuiltinModule']"(/** @type {any} */ node) {
        const source = `node:${String(node.arguments[0]?.value).replace(/^node:/, "")}`;
        judgeBuiltin(node, source);
        const name = memberName(node);
        if (source === "node:crypto" && !pureCrypto.includes(name))
          report(node, `node:crypto ${name}`, "randomness or a wait");
      },
      ImportExpression: (node) => judgeBuiltin(node, "value" in node.source ? node.source.value : undefined),
      ExportNamedDeclaration: (node) => judgeBuiltin(node, node.source?.value),
    };
  },
};

const pureBuiltins = [
  "node:assert",
  "node:buffer",
  "node:crypto",
  "node:util",
  "node:async_hooks",
  "node:zlib",
];
const pureCrypto = [
  "createHash",
  "createHmac",
  "hash",
  "timingSafeEqual",
  "createCipheriv",
  "createDecipheriv",
  "createSecretKey",
];

/** @type {Readonly<Record<string, string>>} */
const bannedGlobals = {
  setTimeout: "time",
  setInterval: "time",
  setImmediate: "scheduling",
  queueMicrotask: "scheduling",
  scheduler: "scheduling",
  MessageChannel: "scheduling",
  performance: "time",
  crypto: "randomness or a wait",
  fetch: "I/O",
  WeakRef: "garbage collection",
  FinalizationRegistry: "garbage collection",
};

/**
 * Globals of which a part is real: all but `allowed`, or `banned` alone.
 * @type {Readonly<Record<string, { kind: string, banned?: readonly string[], allowed?: readonly string[] }>>}
 */
const guardedGlobals = {
  Date: { kind: "time", allowed: ["UTC", "parse", "prototype"] },
  Math: { kind: "randomness", banned: ["random"] },
  process: { kind: "time or scheduling", banned: ["hrtime", "nextTick", "uptime"] },
  AbortSignal: { kind: "time", banned: ["timeout"] },
  Atomics: { kind: "time", banned: ["wait", "waitAsync"] },
};

/** @typedef {import("eslint").Rule.Node & { parent: any, name?: string }} Use */

/**
 * Every value reference to a global, whether written `setTimeout` or `globalThis.setTimeout`.
 * @param {import("eslint").Rule.RuleContext} context
 * @param {import("estree").Program} program
 * @returns {{ name: string, node: Use }[]}
 */
function globalUses(context, program) {
  const scope = context.sourceCode.getScope(program);
  const declared = scope.variables
    .filter((variable) => variable.defs.length === 0)
    .flatMap(({ references }) => references);
  return [...scope.through, ...declared]
    .filter((reference) => !("isTypeReference" in reference && reference.isTypeReference))
    .map(({ identifier }) => /** @type {Use} */ (identifier))
    .map((node) =>
      isGlobalObject(node) ? { name: memberName(node), node: node.parent } : { name: node.name ?? "", node },
    );
}

/** @param {Use} node */
function isGlobalObject(node) {
  return node.name === "globalThis" && memberName(node) !== "";
}

/**
 * The member read from this node, or "" when the node is used otherwise.
 * @param {Use} node
 * @returns {string}
 */
function memberName(node) {
  const { parent } = node;
  if (parent?.type !== "MemberExpression" || parent.object !== node) return "";
  return parent.computed ? String(parent.property.value ?? "") : parent.property.name;
}

/**
 * @param {string} name
 * @param {Use} node
 * @returns {string | undefined}
 */
function bannedMember(name, node) {
  const guard = Object.hasOwn(guardedGlobals, name) ? guardedGlobals[name] : undefined;
  if (guard === undefined) return undefined;
  const member = memberName(node);
  if (readsNothing(name, node)) return undefined;
  if (guard.allowed !== undefined) return guard.allowed.includes(member) ? undefined : guard.kind;
  return member === "" || guard.banned?.includes(member) ? guard.kind : undefined;
}

/**
 * `new Date(ms)` and `x instanceof Date` read no clock.
 * @param {string} name
 * @param {Use} node
 */
function readsNothing(name, { parent }) {
  if (parent.type === "NewExpression") return name === "Date" && parent.arguments.length > 0;
  return parent.type === "BinaryExpression" && parent.operator === "instanceof";
}

/**
 * @param {string} name
 * @param {Use} node
 */
function spelling(name, node) {
  const member = Object.hasOwn(bannedGlobals, name) ? "" : memberName(node);
  return member === "" ? name : `${name}.${member}`;
}
