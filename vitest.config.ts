import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { publicEntries, root } from "./scripts/entries.js";

const tools = { specifier: "waybill-tools/emulator", source: join(root, "tools/emulator/index.ts") };

export default defineConfig({
  resolve: {
    alias: [...publicEntries(), tools].map(({ specifier, source }) => ({
      find: new RegExp(`^${specifier}$`),
      replacement: source,
    })),
  },
  test: {
    include: ["test/**/*.test.ts", "examples/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    // A bound on hanging, not an expectation: the machine may be busy.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    slowTestThreshold: 5_000,
    // Files share the modules of their worker: loading the Azure SDKs anew for each took longer than the tests did.
    isolate: false,
    // One more than there are cores: tests over sockets wait much of their time.
    maxWorkers: 1 + availableParallelism(),
  },
});
