import { readFileSync } from "node:fs";
import { ConfigError } from "../emulator/config/config-error.js";
import { startEmulator } from "../emulator/start-emulator.js";
import type { EmulatorOptions } from "../emulator/options.js";
import { banner, jsonLine } from "./banner.js";

/** The flags of `waybill emulator`, as commander reads them. */
export interface EmulatorFlags {
  readonly host: string;
  readonly port: number;
  readonly httpPort: number;
  readonly config: readonly string[];
  readonly contracts: readonly string[];
  readonly createOnUse?: true;
  /** Undefined if neither `--auth` nor `--no-auth` was given. */
  readonly auth?: boolean;
  readonly premium?: true;
  readonly tlsKey?: string;
  readonly tlsCert?: string;
  readonly json?: true;
}

/** Runs an emulator until the process is told to end. */
export async function runEmulator(flags: EmulatorFlags): Promise<void> {
  // Before the start: whoever gives up on it need not kill it.
  const told = untilTold();
  const emulator = await startEmulator(optionsOf(flags));
  // Clients that only want to know are told in one line; all else is for people.
  if (flags.json === true) console.log(jsonLine(emulator));
  else console.log(banner(emulator, flags.host));
  const signal = await told;
  console.error(`waybill: ${signal}, ending`);
  await emulator.close();
}

function optionsOf(flags: EmulatorFlags): EmulatorOptions {
  const { host, port, httpPort, config, contracts, createOnUse, auth, premium } = flags;
  return {
    host,
    port,
    httpPort,
    configs: config,
    contracts,
    // Nobody can ask this process what was recorded, or for faults.
    observe: false,
    ...(createOnUse === undefined ? {} : { createOnUse }),
    ...(auth === undefined ? {} : { auth }),
    ...(premium === undefined ? {} : { tier: "premium" as const }),
    ...tlsOf(flags),
  };
}

function tlsOf({ tlsKey, tlsCert }: EmulatorFlags): Pick<EmulatorOptions, "tls"> {
  if (tlsKey === undefined && tlsCert === undefined) return {};
  if (tlsKey === undefined || tlsCert === undefined) {
    throw new ConfigError("TLS", "needs both --tls-key and --tls-cert");
  }
  return { tls: { key: readPem(tlsKey), cert: readPem(tlsCert) } };
}

function readPem(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new ConfigError(path, `cannot be read (${code}): give the path of a file in PEM`);
  }
}

/** Resolves with why to end: a signal, or the end of the npm that started us. A second signal ends the process at once. */
function untilTold(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve(signal));
    if (process.env["npm_execpath"] !== undefined) whenOrphaned(() => resolve("npm has ended"));
  });
}

const lookMs = 500;

/**
 * npm runs commands through a shell, and hands a SIGTERM to that shell alone, which ends and tells nobody: what it started
 * would run for ever.
 */
function whenOrphaned(orphaned: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    orphaned();
  }, lookMs);
  timer.unref();
}
