import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A request that reached an endpoint. */
export interface HookRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface HookAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An endpoint of push subscriptions: a real HTTP server. */
export interface WebHook {
  readonly url: string;
  /** The next request that has not been given out yet; waits for it. */
  next(): Promise<HookRequest>;
  /** Requests that nobody has asked for yet. */
  readonly waiting: readonly HookRequest[];
}

/** @param answer What it says; `undefined` for nothing, ever. */
export async function startWebHook(
  answer: (request: HookRequest) => HookAnswer | undefined,
): Promise<WebHook> {
  const arrived: HookRequest[] = [];
  const wanted: ((request: HookRequest) => void)[] = [];
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const { method = "", headers } = incoming;
      const request = { method, headers, body: Buffer.concat(chunks).toString() };
      const said = answer(request);
      if (said !== undefined) outgoing.writeHead(said.status ?? 200, said.headers).end(said.body);
      const want = wanted.shift();
      if (want === undefined) arrived.push(request);
      else want(request);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    next: () =>
      new Promise((resolve) => {
        const request = arrived.shift();
        if (request === undefined) wanted.push(resolve);
        else resolve(request);
      }),
    waiting: arrived,
  };
}

/** Consents to a handshake of either schema, and says to everything else what it is told. */
export function consenting(
  rest: (request: HookRequest) => HookAnswer | undefined,
): (request: HookRequest) => HookAnswer | undefined {
  return (request) => {
    if (request.method === "OPTIONS") return { headers: { "WebHook-Allowed-Origin": "*" } };
    if (request.headers["aeg-event-type"] !== "SubscriptionValidation") return rest(request);
    const [event] = JSON.parse(request.body) as [{ data: { validationCode: string } }];
    return { body: JSON.stringify({ validationResponse: event.data.validationCode }) };
  };
}
