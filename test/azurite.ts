import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

export interface AzuriteOptions {
  /** Default: one that is free. */
  readonly port?: number;
  /** A folder for what it stores. Default: it keeps it in memory. */
  readonly folder?: string;
}

/** One service of Azurite in a process of its own. */
export interface Azurite {
  readonly connectionString: string;
  readonly port: number;
  close(): Promise<void>;
}

/** @throws {Error} when it ends before it listens, with what it said */
export async function startAzurite(
  service: "blob" | "queue" = "blob",
  { port = 0, folder }: AzuriteOptions = {},
): Promise<Azurite> {
  const main = createRequire(import.meta.url).resolve(`azurite/dist/src/${service}/main.js`);
  const child = spawn(
    process.execPath,
    [
      ...[main, `--${service}Host`, "127.0.0.1", `--${service}Port`, String(port)],
      ...["--loose", "--skipApiVersionCheck", "--disableTelemetry"],
      ...(folder === undefined ? ["--inMemoryPersistence"] : ["--location", folder]),
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const listens = await portOf(child);
  const endpoint = service === "blob" ? "BlobEndpoint" : "QueueEndpoint";
  return {
    connectionString:
      `DefaultEndpointsProtocol=http;AccountName=${accountName};AccountKey=${accountKey};` +
      `${endpoint}=http://127.0.0.1:${listens}/${accountName};`,
    port: listens,
    async close() {
      const exited = once(child, "exit");
      child.kill();
      await exited;
    },
  };
}

/** The account that every storage emulator has; Microsoft publishes its key. */
export const accountName = "devstoreaccount1";
export const accountKey =
  "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/** It says where it listens. */
async function portOf(child: ChildProcess): Promise<number> {
  const said: string[] = [];
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
  return new Promise((resolve, reject) => {
    for (const stream of streams) {
      createInterface(stream).on("line", (line) => {
        said.push(line);
        const port = /listens? on http:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1];
        if (port !== undefined) resolve(Number(port));
      });
    }
    child.once("exit", (code) => {
      reject(new Error(`Azurite ended with ${String(code)}: ${said.join("\n")}`));
    });
  });
}
