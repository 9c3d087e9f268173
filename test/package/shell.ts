import { spawnSync } from "node:child_process";

/** What a finished command said. */
export interface Said {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/**
 * Runs a command to its end, without standard input, and returns what it said whatever its exit code.
 *
 * The settings that an outer npm leaves in the environment are taken off: an inner npm would work on the outer project.
 */
export function attempt(command: string, args: readonly string[], cwd: string): Said {
  const { stdout, stderr, status, error } = spawnSync(command, args, {
    cwd,
    env: innerEnvironment(),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 64 * 1024 * 1024,
  });
  return { stdout, stderr: error === undefined ? stderr : error.message, exitCode: status ?? 1 };
}

/** The environment of a command that is not to work on the outer npm's project. */
export function innerEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !outerNpm.test(name));
  return { ...Object.fromEntries(own), CI: "true" };
}

const outerNpm =
  /^npm_(package_|lifecycle_|config_(local_prefix|prefix|global_prefix|loglevel)$|command$|execpath$)/i;

/**
 * Runs a command that must end with exit code 0, and returns its standard output.
 * @throws {Error} with the end of what it said.
 */
export function run(command: string, args: readonly string[], cwd: string): string {
  const { stdout, stderr, exitCode } = attempt(command, args, cwd);
  if (exitCode === 0) return stdout;
  const said = `${stdout}\n${stderr}`.trim().split("\n").slice(-40).join("\n");
  throw new Error(`${[command, ...args].join(" ")} ended with exit code ${exitCode}:\n${said}`);
}
