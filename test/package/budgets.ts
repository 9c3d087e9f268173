import { build } from "esbuild";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { root } from "../../scripts/entries.js";
import type { Checks } from "./checks.js";
import { lockedVersion } from "./declarations.js";
import { manyMessages } from "./many-messages.js";
import { run } from "./shell.js";
import { emptyProject } from "./smoke.js";

/** Committed beside this file; a measure above its limit fails, one well below asks for a lower limit. */
interface Limits {
  /** Core and contracts, minified and gzipped. */
  readonly bundleGzipBytes: number;
  /** Types that the compiler instantiates for 200 messages with 200 handlers. */
  readonly instantiations: number;
}

/** Ratchets: what may not grow without being seen in a diff. */
export async function checkBudgets({ check }: Checks, tarball: string, workspace: string): Promise<void> {
  const limits = JSON.parse(readFileSync(join(root, "test/package/limits.json"), "utf8")) as Limits;

  await check("core and contracts stay small", async () =>
    ratchet(await bundleSize(join(workspace, "package")), limits.bundleGzipBytes, "bytes (minified, gzip)"),
  );

  await check("200 messages with 200 handlers stay cheap to compile", () =>
    ratchet(
      instantiations(join(workspace, "many-messages"), tarball),
      limits.instantiations,
      "instantiations",
    ),
  );
}

function ratchet(measured: number, limit: number, unit: string): string {
  const text = `${measured} of at most ${limit} ${unit}`;
  if (measured > limit)
    throw new Error(`${text}: make it smaller, or raise test/package/limits.json and say why`);
  return measured < limit * 0.95 ? `${text} (lower the limit in test/package/limits.json)` : text;
}

async function bundleSize(unpacked: string): Promise<number> {
  const contents = 'export * from "./dist/index.js"; export * as contracts from "./dist/contracts.js";';
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: unpacked },
    bundle: true,
    minify: true,
    write: false,
    logLevel: "silent",
    format: "esm",
    platform: "node",
    target: "node20",
  });
  return gzipSync(outputFiles[0]?.contents ?? new Uint8Array(), { level: 9 }).byteLength;
}

function instantiations(project: string, tarball: string): number {
  emptyProject(project, "module");
  writeFileSync(join(project, "service.ts"), manyMessages(200));
  const own = ["typescript", "@types/node", "zod"].map((name) => `${name}@${lockedVersion(name)}`);
  run("npm", ["install", tarball, ...own], project);
  const options =
    "--noEmit --strict --skipLibCheck --module NodeNext --target ES2023 --types node --extendedDiagnostics";
  const said = run(join(project, "node_modules/.bin/tsc"), [...options.split(" "), "service.ts"], project);
  const count = /^Instantiations:\s+(\d+)/m.exec(said)?.[1];
  if (count === undefined) throw new Error(`tsc printed no instantiations:\n${said}`);
  return Number(count);
}
