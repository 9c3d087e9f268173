import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type Options } from "tsup";
import { publicEntries, root } from "./scripts/entries.js";

const common: Options = {
  format: "esm",
  target: "node20",
  platform: "node",
  // Entries share chunks, so that WaybillError is one class however many entries a program imports.
  splitting: true,
  clean: true,
  // The prefix says that a module is Node's own, also to bundlers of our users.
  removeNodeProtocol: false,
  sourcemap: false,
};

// tsup sets the option `baseUrl` that TypeScript 6 calls deprecated.
const compilerOptions = { ignoreDeprecations: "6.0", allowJs: false, checkJs: false };

const { dependencies } = JSON.parse(readFileSync(join(root, "tools/package.json"), "utf8")) as {
  readonly dependencies: object;
};

export default defineConfig([
  {
    ...common,
    // Names as keys: an array over the two roots would build dist/src/… and dist/adapters/….
    entry: Object.fromEntries(publicEntries().map(({ name, source }) => [name, source])),
    dts: { compilerOptions },
  },
  {
    ...common,
    outDir: "tools/dist",
    // The broker is bundled from source; the packages that waybill-tools depends on are not.
    entry: { emulator: "tools/emulator/index.ts", cli: "tools/cli/main.ts" },
    external: Object.keys(dependencies),
    dts: { entry: { emulator: "tools/emulator/index.ts" }, compilerOptions },
  },
]);
