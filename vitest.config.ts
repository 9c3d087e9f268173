import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^waybill$/, replacement: source("./src/index.ts") },
      { find: /^waybill\/memory$/, replacement: source("./adapters/memory/index.ts") },
      { find: /^waybill\/(contracts|transport|store|testing)$/, replacement: source("./src/$1/index.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts", "examples/**/*.test.ts"],
  },
});
