import { readFileSync } from "node:fs";
import { dirname, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { entryFolders } from "./rooms.js";
import { refuseImport, refusePlace } from "./refuse-import.js";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Reports imports that the rooms table does not allow, files that lie in no room, and inner barrels.
 * @type {import("eslint").Rule.RuleModule}
 */
export const roomsRule = {
  meta: { type: "problem", schema: [], messages: { refused: "{{ why }}." } },
  create(context) {
    const from = relative(root, context.filename).split(sep).join("/");
    const entries = publicEntries();

    /**
     * @param {import("eslint").Rule.Node} node
     * @param {unknown} source
     * @param {import("./refuse-import.js").Import["kind"]} kind
     */
    const judge = (node, source, kind) => {
      if (typeof source !== "string") return;
      const why = refuseImport({ from, specifier: source, kind }, entries);
      if (why !== undefined) context.report({ node, messageId: "refused", data: { why } });
    };

    return {
      Program(node) {
        const why = refusePlace(from, entryFolders);
        if (why !== undefined) context.report({ node, messageId: "refused", data: { why } });
      },
      ImportDeclaration: (node) => judge(node, node.source.value, isTypeOnly(node) ? "type" : "value"),
      ExportNamedDeclaration: (node) => judge(node, node.source?.value, isTypeOnly(node) ? "type" : "value"),
      ExportAllDeclaration: (node) => judge(node, node.source.value, isTypeOnly(node) ? "type" : "value"),
      ImportExpression: (node) =>
        judge(node, "value" in node.source ? node.source.value : undefined, "dynamic"),
      /** @param {import("eslint").Rule.Node & { source?: { value?: unknown } }} node */
      TSImportType: (node) => judge(node, node.source?.value, "type"),
    };
  },
};

/**
 * `import { type A }` alone still loads the module under `verbatimModuleSyntax`, so it counts as a value import.
 * @param {object} node
 */
function isTypeOnly(node) {
  return (
    ("importKind" in node && node.importKind === "type") ||
    ("exportKind" in node && node.exportKind === "type")
  );
}

/** @returns {readonly string[]} */
function publicEntries() {
  const { name, exports } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return Object.keys(exports).map((key) => key.replace(/^\./, name));
}
