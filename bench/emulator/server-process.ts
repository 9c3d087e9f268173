import { fork, type ChildProcess } from "node:child_process";
import { builtServer } from "./built.js";

/** `cpu`: microseconds so far; `memory`: bytes after a collection of garbage; `purge`: empties the queue. */
export type Request = "cpu" | "memory" | "purge";

export interface Reply {
  readonly value: number;
}

/** A server in a process of its own. */
export interface ServerProcess {
  readonly port: number;
  /** For Microsoft's client. */
  readonly connectionString: string;
  ask(request: Request): Promise<number>;
  stop(): void;
}

/** Starts servers of one bundle. */
export async function serverProcesses<Kind extends "emulator" | "rhea">(
  ...kinds: readonly Kind[]
): Promise<Readonly<Record<Kind, ServerProcess>>> {
  const program = await builtServer();
  const started = await Promise.all(kinds.map(async (kind) => [kind, await start(program, kind)] as const));
  return Object.fromEntries(started) as Record<Kind, ServerProcess>;
}

async function start(program: string, kind: string): Promise<ServerProcess> {
  // Standard output is that of the rows.
  const child = fork(program, [kind], {
    execArgv: ["--expose-gc"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const port = await replyOf(child);
  return {
    port,
    connectionString:
      `Endpoint=sb://localhost:${String(port)};SharedAccessKeyName=RootManageSharedAccessKey;` +
      "SharedAccessKey=bench;UseDevelopmentEmulator=true",
    ask(request) {
      child.send(request);
      return replyOf(child);
    },
    stop: () => child.disconnect(),
  };
}

function replyOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => reject(new Error("the server has ended"));
    child.once("exit", onExit);
    child.once("message", ({ value }: Reply) => {
      child.off("exit", onExit);
      resolve(value);
    });
  });
}
