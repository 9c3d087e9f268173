import type { DeliveryAnswer } from "../../../../adapters/memory/broker/notifier/delivery-rules.js";
import type { DeliveryRequest } from "../../../../adapters/memory/broker/notifier/push-request.js";
import type { Namespace } from "../../namespace.js";

/** How push subscriptions reach their endpoints. */
export interface DeliveryOptions {
  /** How long an endpoint may take, on the machine's clock. Default 30,000 ms, as in Azure. */
  readonly timeoutMs?: number;
  /** Most that is read of an answer. Default 64 KiB: only a handshake's answer has a body that matters. */
  readonly maxAnswerBytes?: number;
}

/** Makes the requests of push subscriptions. */
export interface Delivery {
  /** The `deliver` of a namespace. */
  readonly deliver: (namespace: Namespace, request: DeliveryRequest) => void;
  /** Gives up what is under way, and makes no request any more. */
  close(): void;
}

/** Delivers over HTTP and HTTPS; certificates must be known to Node (`NODE_EXTRA_CA_CERTS`). Follows no redirect. */
export function createDelivery(options: DeliveryOptions = {}): Delivery {
  const { timeoutMs = 30_000, maxAnswerBytes = 64 * 1_024 } = options;
  const closing = new AbortController();
  return {
    deliver(namespace, request) {
      if (closing.signal.aborted) return;
      const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(timeoutMs)]);
      void ask(request, signal, maxAnswerBytes).then((answer) => {
        if (closing.signal.aborted) return;
        namespace.enter(() => {
          namespace.notifier.answer(request.id, answer);
        });
      });
    },
    close() {
      closing.abort();
    },
  };
}

/** Never rejects: whatever goes wrong is an answer too. */
async function ask(
  request: DeliveryRequest,
  signal: AbortSignal,
  maxAnswerBytes: number,
): Promise<DeliveryAnswer> {
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: request.headers,
      ...(request.method === "POST" ? { body: request.body } : {}),
      redirect: "manual",
      signal,
    });
    const body = await readSome(response, maxAnswerBytes);
    return { status: response.status, headers: Object.fromEntries(response.headers), body };
  } catch (error) {
    return { failure: failureOf(error) };
  }
}

/** The beginning of the body; the rest is left to nobody, and the connection is given up. */
async function readSome(response: Response, maxBytes: number): Promise<string> {
  const body: ReadableStream<Uint8Array> | null = response.body;
  if (body === null) return "";
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const reader = body.getReader();
  while (bytes < maxBytes) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    bytes += value.byteLength;
  }
  await reader.cancel();
  return Buffer.concat(chunks).subarray(0, maxBytes).toString("utf8");
}

const resolutionErrors: ReadonlySet<unknown> = new Set([
  "ENOTFOUND",
  "EAI_AGAIN",
  "EAI_NODATA",
  "EAI_NONAME",
]);

function failureOf(error: unknown): "SocketError" | "ResolutionError" | "TimedOut" {
  if (!(error instanceof Error)) return "SocketError";
  if (error.name === "TimeoutError") return "TimedOut";
  const { cause } = error;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return resolutionErrors.has(code) ? "ResolutionError" : "SocketError";
}
