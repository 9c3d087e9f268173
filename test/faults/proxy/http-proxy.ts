import { once } from "node:events";
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { realRuntime } from "waybill/store";

/** A request on its way to the service. */
export interface Passing {
  readonly method: string;
  /** With its query. */
  readonly path: string;
}

/** What becomes of a request. */
export type HttpFate =
  /** The service is not asked. */
  | { readonly answer: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  /** The service does it, and the answer is lost: the connection is cut. */
  | "lostAnswer"
  /** The service does it, and the answer comes so many milliseconds later. */
  | { readonly answerLateMs: number }
  /** The service does it, and the answer comes when this has resolved. */
  | { readonly answerAfter: Promise<void> }
  /** The service does it, and of the answer's body only so many bytes come, as if that were all. */
  | { readonly cutTo: number };

export interface HttpFault {
  readonly hits: number;
  remove(): void;
}

/** Stands before a service that speaks HTTP on this machine, and breaks requests. */
export interface HttpProxy {
  readonly port: number;
  /** For each request, until it is removed: nothing lets it pass. With several the first that says something decides. */
  add(decide: (passing: Passing) => HttpFate | undefined): HttpFault;
  clear(): void;
  close(): Promise<void>;
}

interface Entry {
  readonly decide: (passing: Passing) => HttpFate | undefined;
  hits: number;
}

export async function startHttpProxy(port: number): Promise<HttpProxy> {
  const entries = new Set<Entry>();
  const server = createServer((incoming, outgoing) => {
    const passing = { method: incoming.method ?? "", path: incoming.url ?? "" };
    void handle(incoming, outgoing, port, fateOf(entries, passing)).catch(() => {
      incoming.socket.destroy();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    add: (decide) => {
      const entry: Entry = { decide, hits: 0 };
      entries.add(entry);
      return {
        get hits() {
          return entry.hits;
        },
        remove: () => void entries.delete(entry),
      };
    },
    clear: () => {
      entries.clear();
    },
    close: () => closed(server),
  };
}

function fateOf(entries: ReadonlySet<Entry>, passing: Passing): HttpFate | undefined {
  for (const entry of entries) {
    const fate = entry.decide(passing);
    if (fate === undefined) continue;
    entry.hits += 1;
    return fate;
  }
  return undefined;
}

async function handle(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  port: number,
  fate: HttpFate | undefined,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  if (typeof fate === "object" && "answer" in fate) {
    outgoing.writeHead(fate.answer, fate.headers).end(fate.body);
    return;
  }
  const answer = await forwarded(incoming, Buffer.concat(chunks), port, outgoing);
  if (fate === "lostAnswer") {
    incoming.socket.destroy();
    return;
  }
  if (typeof fate === "object" && "answerLateMs" in fate)
    await new Promise<void>((resolve) => void after(fate.answerLateMs, resolve));
  if (typeof fate === "object" && "answerAfter" in fate) await fate.answerAfter;
  if (typeof fate === "object" && "cutTo" in fate) {
    const body = answer.body.subarray(0, fate.cutTo);
    outgoing.writeHead(answer.status, { ...answer.headers, "content-length": body.length }).end(body);
    return;
  }
  outgoing.writeHead(answer.status, answer.headers).end(answer.body);
}

const { after } = realRuntime();

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

async function forwarded(
  { method, url, headers }: IncomingMessage,
  body: Buffer,
  port: number,
  outgoing: ServerResponse,
): Promise<Answer> {
  const passed = request({ host: "127.0.0.1", port, path: url, method, headers });
  // The service hears that its client has gone away.
  outgoing.once("close", () => passed.destroy());
  passed.end(body);
  const [answer] = (await once(passed, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  const { "transfer-encoding": _chunked, ...kept } = answer.headers;
  return { status: answer.statusCode ?? 502, headers: kept, body: Buffer.concat(chunks) };
}

async function closed(server: Server): Promise<void> {
  const over = once(server, "close");
  server.close();
  server.closeAllConnections();
  await over;
}
