import { start } from "../../../src/start.js";
import type { Life } from "../wire.js";
import { callsToParent, say } from "./calls.js";
import { mortal } from "./mortal.js";
import { remoteIdempotency } from "./remote-stores.js";
import { workerService } from "./service.js";
import { settlesFirst } from "./settles-first.js";
import { transportOfChild } from "./transport-of-child.js";

/** A process that works until it dies, or is told to stop. Its argument is its life. */
async function live(life: Life): Promise<void> {
  let stop: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  const ask = callsToParent(stop);
  const self = mortal(life.death);
  const made = await transportOfChild(life.transport);
  const transport = made({ connectionString: life.connectionString, ask, mortal: self });
  const kind = life.transport === "event-hubs" ? "streams" : "queues";
  const app = await start(
    workerService(kind, life.idempotent, ask, self)["~service"],
    {
      transport: life.settlesFirst ? settlesFirst(transport) : transport,
      idempotency: remoteIdempotency(ask),
      on: (event) => {
        if ("error" in event) process.stderr.write(`${event.event} ${String(event.error)}\n`);
        if (event.event === "left") process.stderr.write(`left ${event.id}: ${event.why}\n`);
      },
    },
    self.runtime,
  );
  say({ kind: "ready" });
  await stopped;
  await app.stop();
  say({ kind: "stopped" });
  process.disconnect();
}

live(JSON.parse(process.argv[2] ?? "") as Life).catch((error: unknown) => {
  say({ kind: "failed", why: String(error) });
  process.exitCode = 1;
});
