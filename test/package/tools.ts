import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/entries.js";
import type { Checks } from "./checks.js";
import { lockedVersion } from "./declarations.js";
import { innerEnvironment, run } from "./shell.js";
import { emptyProject } from "./smoke.js";

/**
 * Packs waybill-tools, installs it beside waybill in an empty folder, and does what a newcomer does: starts the emulator
 * and pastes the string that it prints into Microsoft's own quick-start.
 */
export async function checkTools({ check }: Checks, tarball: string, workspace: string): Promise<void> {
  const tools = join(workspace, "waybill-tools.tgz");
  const project = join(workspace, "newcomer");
  const unpacked = join(workspace, "tools");

  await check("npm pack of waybill-tools", () => {
    const [packed] = JSON.parse(
      run(
        "npm",
        ["pack", "--loglevel=error", "--json", "--pack-destination", workspace],
        join(root, "tools"),
      ),
    ) as [{ readonly filename: string; readonly size: number }];
    run("mv", [join(workspace, packed.filename), tools], workspace);
    mkdirSync(unpacked);
    run("tar", ["-xzf", tools, "-C", unpacked], workspace);
    return `${packed.size} bytes`;
  });

  await check("the tarball of waybill-tools holds dist, bin and three documents, nothing else", () => {
    const files = run("tar", ["-tzf", tools], root).trim().split("\n");
    const known = /^package\/(dist\/[\w.-]+\.(js|d\.ts)|bin\/waybill\.js|README\.md|LICENSE|package\.json)$/;
    const strange = files.filter((file) => !known.test(file));
    if (strange.length > 0) throw new Error(`found ${strange.join(", ")}`);
    return `${files.length} files`;
  });

  await check("publint --strict of waybill-tools", () => {
    run(join(root, "node_modules/.bin/publint"), ["--strict", join(unpacked, "package")], root);
  });

  await check("both tarballs and Microsoft's client install into an empty project", () => {
    emptyProject(project, "module");
    run(
      "npm",
      ["install", tarball, tools, `@azure/service-bus@${lockedVersion("@azure/service-bus")}`],
      project,
    );
  });

  await check("the printed string works in a quick-start, and SIGTERM ends the emulator with 0", async () => {
    copyFileSync(join(root, "test/package/consumer/quick-start.mjs"), join(project, "quick-start.mjs"));
    const emulator = startEmulator(join(project, "node_modules/.bin/waybill"), [], project);
    try {
      const { connectionString } = (await emulator.ready).serviceBus;
      const said = run("node", ["quick-start.mjs", connectionString], project).trim();
      emulator.end();
      const code = await emulator.exitCode;
      if (code !== 0) throw new Error(`it ended with exit code ${String(code)}`);
      return said;
    } finally {
      emulator.kill();
    }
  });

  await check("npx waybill emulator starts it too, and leaves none behind when npx is ended", async () => {
    const emulator = startEmulator("npx", ["--no-install", "waybill"], project);
    const { httpPort } = await emulator.ready;
    emulator.end();
    await emulator.exitCode;
    for (let look = 0; await answers(httpPort); look += 1) {
      if (look === maxLooks) throw new Error(`it still answers on port ${httpPort}`);
      run("sleep", ["0.2"], project);
    }
  });

  await check("startEmulator of waybill-tools/emulator works from a program", () => {
    copyFileSync(join(root, "test/package/consumer/in-process.mjs"), join(project, "in-process.mjs"));
    return run("node", ["in-process.mjs"], project).trim();
  });
}

const maxLooks = 50;

interface Line {
  readonly httpPort: number;
  readonly serviceBus: { readonly connectionString: string };
}

interface RunningEmulator {
  readonly ready: Promise<Line>;
  readonly exitCode: Promise<unknown>;
  end(): void;
  kill(): void;
}

/** `waybill emulator` on free ports. */
function startEmulator(command: string, before: readonly string[], cwd: string): RunningEmulator {
  const args = [...before, "emulator", "--json", "--port", "0", "--http-port", "0", "--create-on-use"];
  const child = spawn(command, args, { cwd, env: innerEnvironment(), stdio: ["ignore", "pipe", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const exitCode = once(child, "exit").then(([code]) => code as unknown);
  const ready = Promise.race([
    once(child.stdout, "data").then(([chunk]) => JSON.parse(String(chunk)) as Line),
    exitCode.then((code) => {
      throw new Error(`it ended with exit code ${String(code)} before it was ready: ${stderr}`);
    }),
  ]);
  ready.catch(() => undefined);
  return { ready, exitCode, end: () => child.kill("SIGTERM"), kill: () => child.kill("SIGKILL") };
}

async function answers(httpPort: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${httpPort}/health`)).ok;
  } catch {
    return false;
  }
}
