import { defineConfig } from "tsup";
import { publicEntries } from "./scripts/entries.js";

export default defineConfig({
  // Names as keys: an array over the two roots would build dist/src/… and dist/adapters/….
  entry: Object.fromEntries(publicEntries().map(({ name, source }) => [name, source])),
  format: "esm",
  target: "node20",
  platform: "node",
  // Entries share chunks, so that WaybillError is one class however many entries a program imports.
  splitting: true,
  clean: true,
  // The prefix says that a module is Node's own, also to bundlers of our users.
  removeNodeProtocol: false,
  sourcemap: false,
  // tsup sets the option `baseUrl` that TypeScript 6 calls deprecated.
  dts: { compilerOptions: { ignoreDeprecations: "6.0", allowJs: false, checkJs: false } },
});
