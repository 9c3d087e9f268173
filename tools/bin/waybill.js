#!/usr/bin/env node
// Built: runs dist. In a checkout without a build: runs the sources, by the tsx of the repository.
import { existsSync } from "node:fs";

const built = new URL("../dist/cli.js", import.meta.url);
let source = built;
if (!existsSync(built)) {
  source = new URL("../cli/main.ts", import.meta.url);
  const { register } = await import("tsx/esm/api");
  register();
}
const { main } = await import(source.href);
await main(process.argv.slice(2));
