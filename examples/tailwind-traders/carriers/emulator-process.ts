import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { NoCarrier } from "./no-carrier.js";

/** What the emulator prints with `--json`. */
export interface EmulatorPlaces {
  readonly amqpPort: number;
  readonly httpPort: number;
  readonly serviceBus: { readonly connectionString: string };
  readonly eventHubs: { readonly connectionString: string };
  readonly eventGrid: { readonly endpoint: string; readonly key: string };
}

/** An emulator in a process of its own, on ports that are free. */
export interface EmulatorProcess {
  readonly places: EmulatorPlaces;
  close(): Promise<void>;
}

/** Starts `waybill emulator` with the contracts of Tailwind Traders. What it prints stays its own. */
export async function startEmulatorProcess(): Promise<EmulatorProcess> {
  const tools = createRequire(import.meta.url).resolve("waybill-tools/package.json");
  const contracts = fileURLToPath(import.meta.resolve("tailwind-contracts"));
  const child = spawn(
    process.execPath,
    [
      // The contracts are TypeScript here, also for an emulator that is built.
      ...["--import", import.meta.resolve("tsx")],
      ...[join(tools, "../bin/waybill.js"), "emulator", "--json", "--port", "0", "--http-port", "0"],
      ...["--contracts", contracts, "--create-on-use"],
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => (complaints = `${complaints}${chunk.toString()}`.slice(-2_000)));
  const exited = once(child, "exit");
  const places = await Promise.race([
    new Promise<EmulatorPlaces>((resolve) => {
      createInterface(child.stdout).once("line", (line) => resolve(JSON.parse(line) as EmulatorPlaces));
    }),
    exited.then(() => {
      throw new NoCarrier(`the emulator did not start: ${complaints.trim()}`);
    }),
  ]);
  // Whatever ends this process ends the emulator.
  const end = (): void => void child.kill();
  process.once("exit", end);
  return {
    places,
    close: async () => {
      process.removeListener("exit", end);
      child.kill();
      await exited;
    },
  };
}
