import type { EventGridPublisherClientOptions } from "@azure/eventgrid";
import { WaybillError } from "../../src/transport/index.js";

type Policy = NonNullable<EventGridPublisherClientOptions["additionalPolicies"]>[number]["policy"];

/** A body that is to be sent, by the signal of its request: the one thing that a client hands on as it is. */
const bodies = new WeakMap<object, { readonly bytes: Uint8Array; sent: boolean }>();

/**
 * Puts our bytes into a request instead of what the client would make. `EventGridSenderClient` 1.0 writes no extension
 * attribute, and both clients would parse and print a body that is JSON already.
 */
export const verbatimPolicy: Policy = {
  name: "waybillVerbatim",
  sendRequest(request, next) {
    const body = request.abortSignal === undefined ? undefined : bodies.get(request.abortSignal);
    if (body !== undefined) {
      body.sent = true;
      request.body = body.bytes;
    }
    return next(request);
  },
};

/**
 * Sends exactly these bytes by a call of a client to send no events.
 *
 * @throws {WaybillError} `invalidOption` if the client was made without the policy: it has sent nothing
 */
export async function sendVerbatim(
  bytes: Uint8Array,
  abort: AbortController,
  send: (options: { readonly abortSignal: AbortSignal }) => Promise<unknown>,
): Promise<void> {
  const body = { bytes, sent: false };
  bodies.set(abort.signal, body);
  try {
    await send({ abortSignal: abort.signal });
  } catch (error) {
    if (body.sent || !wasAnswered(error)) throw error;
  }
  if (body.sent) return;
  throw new WaybillError(
    "invalidOption",
    "the client of eventGrid() was made without clientOptions, so it would send events without their attributes: " +
      "spread clientOptions of waybill/event-grid into its options",
  );
}

const wasAnswered = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "statusCode" in error && error.statusCode === 400;
