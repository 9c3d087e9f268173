import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { accountKey, accountName } from "../../azurite.js";

/** How long a connection may be idle. */
const idleMs = 600_000;

/** Azurite's queues in a process of their own, with a clock that can be moved: it has none by itself. */
export interface TimedAzurite {
  readonly connectionString: string;
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Runs before Azurite does. It hears how much time has passed, and says when it is so. And it keeps idle connections, as Azure
 * does: Azurite ends them after five seconds, and a request that comes in that moment fails with "socket hang up".
 */
const clock = `
  import { Server } from "node:http";
  Object.defineProperty(Server.prototype, "keepAliveTimeout", { get: () => ${String(idleMs)}, set: () => undefined });
  let aheadMs = 0;
  globalThis.Date = new Proxy(Date, {
    construct: (Real, given, to) =>
      given.length > 0 ? Reflect.construct(Real, given, to) : Reflect.construct(Real, [Real.now() + aheadMs], to),
    get: (Real, name) => (name === "now" ? () => Real.now() + aheadMs : Reflect.get(Real, name)),
  });
  process.on("message", (ms) => {
    aheadMs += ms;
    process.send(aheadMs);
  });
`;

/** @throws {Error} when it ends before it listens */
export async function startTimedAzurite(): Promise<TimedAzurite> {
  const main = createRequire(import.meta.url).resolve("azurite/dist/src/queue/main.js");
  const flags = ["--loose", "--skipApiVersionCheck", "--disableTelemetry", "--inMemoryPersistence"];
  const child = fork(main, ["--queueHost", "127.0.0.1", "--queuePort", "0", ...flags], {
    execArgv: ["--import", `data:text/javascript,${encodeURIComponent(clock)}`],
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const port = await portOf(child);
  return {
    connectionString:
      `DefaultEndpointsProtocol=http;AccountName=${accountName};AccountKey=${accountKey};` +
      `QueueEndpoint=http://127.0.0.1:${port}/${accountName};`,
    advance: async (ms) => {
      const moved = once(child, "message");
      child.send(ms);
      await moved;
    },
    close: async () => {
      const exited = once(child, "exit");
      // It keeps nothing, and its channel to this process would keep it alive.
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** It says where it listens; what it says afterwards is nobody's. */
function portOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => {
      reject(new Error(`Azurite ended with ${String(code)}`));
    });
    if (child.stdout === null) return;
    createInterface(child.stdout).on("line", (line) => {
      const port = /listens? on http:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1];
      if (port !== undefined) resolve(port);
    });
  });
}
