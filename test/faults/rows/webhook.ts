import { getRequestListener } from "@hono/node-server";
import { once } from "node:events";
import { createServer, request, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { service } from "waybill";
import { eventGrid, eventGridHandler, sharedSecret } from "waybill/event-grid";
import { event, notifications } from "waybill/contracts";
import { memoryIdempotency, memoryPark } from "waybill/memory";
import { realRuntime } from "waybill/store";
import * as z from "zod";
import { start } from "../../../src/start.js";
import type { Outcome, Row } from "../row.js";
import { pause, until } from "../until.js";

const Shipped = event("faults.shipped", { version: 1, schema: z.object({ n: z.number() }) });
const shipments = notifications("shipments", { messages: { shipped: Shipped } });

const secret = "a secret of the webhook";
const runtime = realRuntime();

/** A service that hears of shipments by a webhook of Node's own server. */
class Hook {
  readonly effects: number[] = [];
  readonly starts: number[] = [];
  readonly problems: string[] = [];
  /** What a handler waits for. */
  gate: Promise<void> | undefined;
  struck = 0;
  accepted = 0;
  #server: Server | undefined;
  #stop: () => Promise<unknown> = () => Promise.resolve();

  async open(): Promise<void> {
    const hook = eventGridHandler({ authenticate: sharedSecret(() => [secret]), answerWithin: "2s" });
    const listener = getRequestListener(hook);
    const server = createServer((incoming, outgoing) => void listener(incoming, outgoing));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    this.#server = server;
    const audit = service("audit").listen(
      shipments,
      {
        shipped: async ({ data }) => {
          this.starts.push(data.n);
          await this.gate;
          this.effects.push(data.n);
        },
      },
      { idempotent: true, concurrency: 50 },
    );
    const transport = eventGrid({ receiver: () => hook, deadLetters: memoryPark() });
    const app = await start(audit["~service"], { transport, idempotency: memoryIdempotency() }, runtime);
    this.#stop = () => app.stop({ deadline: "2s" });
  }

  get port(): number {
    return (this.#server?.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    await this.#stop();
    this.#server?.closeAllConnections();
    this.#server?.close();
  }

  /** Posts, and answers the status. */
  async post(
    body: string,
    headers: Readonly<Record<string, string>> = {},
    path = `/?code=${encodeURIComponent(secret)}`,
  ): Promise<number> {
    const posted = request({
      port: this.port,
      path,
      method: "POST",
      headers: { "content-type": batch, ...headers },
    });
    posted.end(body);
    const [answer] = (await once(posted, "response")) as [{ statusCode?: number; resume(): void }];
    answer.resume();
    return answer.statusCode ?? 0;
  }

  /** Posts what must be refused, and must start no handler (I19). */
  async refused(what: string, expected: number, ...given: Parameters<Hook["post"]>): Promise<void> {
    const before = this.starts.length;
    const status = await this.post(...given);
    this.struck += 1;
    if (status !== expected)
      this.problems.push(`I19: ${what} was answered with ${String(status)}, not ${String(expected)}`);
    if (this.starts.length !== before) this.problems.push(`I19: ${what} started a handler`);
  }

  /** Posts until it is taken, as Event Grid does. */
  async deliver(numbers: readonly number[], pad = 0): Promise<void> {
    const body = JSON.stringify(numbers.map((n) => shipped(n, pad)));
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const status = await this.post(body).catch(() => 0);
      if (status === 200) {
        this.accepted += numbers.length;
        return;
      }
      await pause(50);
    }
    this.problems.push(`${String(numbers.length)} events were not taken`);
  }

  outcome(): Outcome {
    const { struck, accepted, effects, problems } = this;
    const done = new Set(effects);
    const repeated = effects.length - done.size;
    return {
      ...{ struck, accepted, effects: effects.length },
      lost: accepted > done.size ? [`${String(accepted - done.size)} events`] : [],
      problems: repeated === 0 ? problems : [...problems, `I2: ${String(repeated)} effects were repeated`],
    };
  }
}

const batch = "application/cloudevents-batch+json";

const shipped = (n: number, pad = 0) => ({
  ...{ specversion: "1.0", id: `s-${String(n)}`, source: "shop", type: "faults.shipped", wbversion: 1 },
  datacontenttype: "application/json",
  data: { n, ...(pad === 0 ? {} : { pad: "x".repeat(pad) }) },
});

function onHook(
  f: number,
  injected: string,
  holds: readonly string[],
  act: (hook: Hook) => Promise<void>,
): Row {
  return {
    ...{ f, on: "event-grid", injected, holds },
    run: async () => {
      const hook = new Hook();
      await hook.open();
      try {
        await hook.deliver([1]);
        await act(hook);
        await hook.deliver([2]);
        return hook.outcome();
      } finally {
        await hook.close();
      }
    },
  };
}

/** Callers that are not Event Grid, or say what it never says. */
async function hostile(hook: Hook): Promise<void> {
  const good = JSON.stringify([shipped(9)]);
  const validation = JSON.stringify([
    {
      ...{ id: "v", topic: "t", subject: "", eventTime: "2026-01-01T00:00:00Z", dataVersion: "1" },
      eventType: "Microsoft.EventGrid.SubscriptionValidationEvent",
      data: { validationCode: "code", validationUrl: `http://127.0.0.1:${String(hook.port)}/fetched` },
    },
  ]);
  const asked = { "content-type": "application/json", "aeg-event-type": "SubscriptionValidation" };
  await hook.refused("a call without a token", 401, good, {}, "/");
  await hook.refused("a call with a wrong token", 401, good, {}, "/?code=a+secret+of+the+webhooks");
  await hook.refused("a handshake without a token", 401, validation, asked, "/");
  await hook.refused("a wrong content type", 415, good, { "content-type": "text/plain" });
  await hook.refused("what is no JSON", 400, "[{");
  await hook.refused("a body of 3 MB", 413, `[${JSON.stringify(shipped(9, 3_000_000))}]`);
  await hook.refused("JSON nested a million deep", 400, "[".repeat(1_000_000));
  // The same again, after it was taken: it is no second effect.
  await hook.deliver([1]);
  hook.accepted -= 1;
  // One event and a list of one are the same.
  if (
    (await hook.post(JSON.stringify(shipped(3)), { "content-type": "application/cloudevents+json" })) !== 200
  )
    hook.problems.push("a single event was not taken");
  hook.accepted += 1;
  await hook.deliver(
    Array.from({ length: 100 }, (_, at) => 100 + at),
    10_000,
  );
}

/** Callers that say a byte now and then, and hold their connections. */
async function slow(hook: Hook): Promise<void> {
  const head = `POST /?code=${encodeURIComponent(secret)} HTTP/1.1\r\nhost: hook\r\ncontent-type: ${batch}\r\ncontent-length: 1000\r\n\r\n`;
  const sockets = Array.from({ length: 50 }, () =>
    connect(hook.port, "127.0.0.1").on("error", () => undefined),
  );
  for (const socket of sockets) socket.write(head);
  for (let beat = 0; beat < 20; beat += 1) {
    for (const socket of sockets) socket.write("[");
    hook.struck += sockets.length;
    await hook.deliver([1_000 + beat]);
  }
  if (hook.starts.length !== hook.effects.length) hook.problems.push("a slow caller started a handler");
  for (const socket of sockets) socket.destroy();
}

/** Callers that are gone when the handler has begun, and come again with the same event. */
async function gone(hook: Hook): Promise<void> {
  for (let n = 10; n < 15; n += 1) {
    let open: () => void = () => undefined;
    hook.gate = new Promise((resolve) => (open = resolve));
    const body = JSON.stringify([shipped(n)]);
    const path = `/?code=${encodeURIComponent(secret)}`;
    const posted = request({ port: hook.port, path, method: "POST", headers: { "content-type": batch } });
    posted.on("error", () => undefined);
    posted.end(body);
    await until("the handler to begin", () => hook.starts.includes(n));
    posted.socket?.resetAndDestroy();
    hook.struck += 1;
    open();
    hook.gate = undefined;
    await hook.deliver([n]);
  }
}

/** Faults of callers of a webhook, over HTTP. */
export const webhook: readonly Row[] = [
  onHook(
    72,
    "HTTP: no token, a wrong one, spoofed handshake, wrong type, no JSON, too large, replay, 1 MB",
    ["I1", "I2", "I19"],
    hostile,
  ),
  onHook(72, "TCP: 50 slow callers that hold their connections", ["I1", "I19"], slow),
  onHook(73, "TCP: the caller resets when the handler has begun, and comes again", ["I1", "I2"], gone),
];
