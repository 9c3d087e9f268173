import type { Reply, Request } from "./server-process.js";

/**
 * A server in a process of its own, `emulator` or `rhea` by its argument: says over IPC where it listens, and answers what
 * it has cost so far.
 */
const kind = process.argv[2];
const server =
  kind === "rhea"
    ? await (await import("./rhea-server.js")).startRheaServer()
    : await (await import("./emulator-server.js")).startEmulatorServer();

const answers: Readonly<Record<Request, () => number>> = {
  cpu() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  memory() {
    globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  },
  purge: () => server.purge(),
};

function tell(reply: Reply): void {
  process.send?.(reply);
}

process.on("message", (request: Request) => tell({ value: answers[request]() }));
process.on("disconnect", () => process.exit(0));
tell({ value: server.port });
