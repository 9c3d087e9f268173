import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

/** The blob service of Azurite in a process of its own, in memory. */
export interface Azurite {
  readonly connectionString: string;
  close(): Promise<void>;
}

/** @throws {Error} when it ends before it listens, with what it said */
export async function startAzurite(): Promise<Azurite> {
  const main = createRequire(import.meta.url).resolve("azurite/dist/src/blob/main.js");
  const flags = ["--loose", "--skipApiVersionCheck", "--disableTelemetry", "--inMemoryPersistence"];
  const child = spawn(process.execPath, [main, "--blobHost", "127.0.0.1", "--blobPort", "0", ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const port = await portOf(child);
  return {
    connectionString:
      `DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=${wellKnownKey};` +
      `BlobEndpoint=http://127.0.0.1:${port}/devstoreaccount1;`,
    async close() {
      const exited = once(child, "exit");
      child.kill();
      await exited;
    },
  };
}

/** Of the account that every storage emulator has; Microsoft publishes it. */
const wellKnownKey =
  "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/** It says where it listens. */
async function portOf(child: ChildProcess): Promise<string> {
  const said: string[] = [];
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
  return new Promise((resolve, reject) => {
    for (const stream of streams) {
      createInterface(stream).on("line", (line) => {
        said.push(line);
        const port = /listens? on http:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1];
        if (port !== undefined) resolve(port);
      });
    }
    child.once("exit", (code) => {
      reject(new Error(`Azurite ended with ${String(code)}: ${said.join("\n")}`));
    });
  });
}
