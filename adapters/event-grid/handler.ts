import { durationMs, tellable, WaybillError, type Duration } from "../../src/transport/index.js";
import type { Authenticate } from "./authenticate.js";
import { eventsOf, maxPushed } from "./pushed-events.js";
import type { EventGridEvent } from "./event-delivery.js";
import { consent, validationOf, type Validation } from "./handshake.js";
import { Inbox } from "./inbox.js";
import { checkHosts, openValidationUrl, type OpenValidationUrl } from "./open-validation-url.js";
import { readBody } from "./read-body.js";

/** Options for {@link eventGridHandler}. */
export interface EventGridHandlerOptions {
  /**
   * Who may call: {@link sharedSecret}, {@link entraToken}, or a function of yours that looks at the head of a request; `"nobody
   * else can"` where the network or the host decides.
   */
  readonly authenticate: Authenticate | "nobody else can";
  /** Origins that may subscribe with CloudEvents. Default `["eventgrid.azure.net"]`. */
  readonly origins?: readonly string[];
  /**
   * How long a request waits until its events are settled; then Event Grid is told to come again, and `ctx.signal` fires.
   * At most `"29s"`, because Event Grid gives up after 30. Default `"25s"`.
   */
  readonly answerWithin?: Duration;
  /**
   * Events that may be unsettled: a request for which there is no room is refused until later. One that alone is larger is taken when
   * nothing else is at work, because no later would do. Default 1,000.
   */
  readonly maxUnsettled?: number;
  /** The largest body that is read, in bytes. Default 2 MiB: twice what Event Grid sends. */
  readonly maxBytes?: number;
  /**
   * Also opens the `validationUrl` of validation events, before their code is echoed: where something before the webhook keeps the
   * body of its answer from Event Grid. Default: it is never opened.
   */
  readonly openValidationUrl?: OpenValidationUrl;
  /** Hears of every request that is not answered with success. */
  readonly onRefused?: (refusal: Refusal) => void;
}

/** A request that was not answered with success. */
export interface Refusal {
  readonly status: number;
  /** For people. Without anything of the request's body and credentials. */
  readonly text: string;
  /** What failed, if something did. */
  readonly error?: unknown;
}

/** A webhook: a web-standard handler, and the place where a listener of `eventGrid()` gets its events. */
export interface EventGridHandler {
  (request: Request): Promise<Response>;
  readonly "~inbox": Inbox;
}

/**
 * Makes a webhook for push subscriptions of one topic, in the CloudEvents and in the Event Grid schema. Mount it in any
 * host, and give it to `eventGrid()` as the `receiver` of the listener.
 *
 * It answers when the handlers are done: 200 when all events are settled, 503 when one is to come again.
 *
 * @throws {WaybillError} `invalidOption` for a wait that Event Grid does not grant, and for hosts that are no names.
 */
export function eventGridHandler(options: EventGridHandlerOptions): EventGridHandler {
  const waitMs = durationMs(options.answerWithin ?? "25s", "answerWithin");
  if (waitMs <= 0 || waitMs > 29_000) {
    throw new WaybillError(
      "invalidOption",
      `eventGridHandler() answers within ${waitMs} ms: answerWithin must be above zero and at most "29s"`,
    );
  }
  if (options.openValidationUrl !== undefined) checkHosts(options.openValidationUrl);
  const inbox = new Inbox(waitMs, options.maxUnsettled ?? 1_000);
  const handle = async (request: Request): Promise<Response> => {
    try {
      return await answer(inbox, options, request);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      options.onRefused?.(error.refusal);
      return error.response();
    }
  };
  return Object.assign(handle, { "~inbox": inbox });
}

async function answer(inbox: Inbox, options: EventGridHandlerOptions, request: Request): Promise<Response> {
  const { method } = request;
  if (method !== "POST" && method !== "OPTIONS")
    throw new Refused(405, "events are posted", { allow: "POST, OPTIONS" });
  if (method === "POST") checkContentType(request);
  await authenticate(options, request);
  if (method === "OPTIONS") {
    const consented = consent(request, options.origins ?? ["eventgrid.azure.net"]);
    if (consented === undefined) throw new Refused(403, "this origin may not subscribe");
    return consented;
  }
  const body = await readBody(request, options.maxBytes ?? 2 * 1_048_576);
  if (body === undefined) throw new Refused(413, "the body is too large");
  const events = eventsOf(body, request.headers);
  if (events === undefined) throw new Refused(400, "the body holds no events");
  if (events === "too many") throw new Refused(413, `the body holds more than ${String(maxPushed)} events`);
  const validation = validationOf(request, events);
  if (validation !== undefined) return validate(options, validation);
  // What else Event Grid says of itself, such as that a subscription was deleted, is nothing for handlers.
  const kind = request.headers.get("aeg-event-type") ?? "Notification";
  return kind === "Notification" ? deliver(inbox, events) : new Response(null, { status: 200 });
}

async function validate({ openValidationUrl: open }: EventGridHandlerOptions, { code, url }: Validation) {
  if (open !== undefined && url !== undefined) await openValidationUrl(open, url);
  return Response.json({ validationResponse: code });
}

async function deliver(inbox: Inbox, events: readonly EventGridEvent[]): Promise<Response> {
  if (events.length === 0) return new Response(null, { status: 200 });
  const delivered = inbox.deliver(events);
  if (delivered === "absent") throw new Refused(503, "no service listens", later);
  if (delivered === "full") throw new Refused(429, "the service has enough to do", later);
  const outcomes = await delivered;
  if (outcomes.includes("later")) throw new Refused(503, "not everything was handled", later);
  // Not retried: Event Grid dead-letters it at once.
  if (outcomes.includes("rejected")) throw new Refused(400, "given up");
  return new Response(null, { status: 200 });
}

/** In seconds; the least that Event Grid waits after a 503. */
const later = { "retry-after": "30" };

const contentTypes = [
  "application/json",
  "application/cloudevents+json",
  "application/cloudevents-batch+json",
];

function checkContentType({ headers }: Request): void {
  const [type = ""] = (headers.get("content-type") ?? "").split(";");
  if (contentTypes.includes(type.trim().toLowerCase())) return;
  throw new Refused(415, "events come as JSON");
}

/** Event Grid drops what is refused with 401, so a check that fails for another reason must not say so. */
async function authenticate(
  { authenticate: check }: EventGridHandlerOptions,
  request: Request,
): Promise<void> {
  if (check === "nobody else can") return;
  let known: boolean;
  try {
    known = await check(request);
  } catch (error) {
    throw new Refused(503, "the caller cannot be checked now", later, tellable(error));
  }
  if (!known) throw new Refused(401, "the caller is not known");
}

class Refused extends Error {
  readonly refusal: Refusal;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(status: number, text: string, headers: Readonly<Record<string, string>> = {}, error?: unknown) {
    super(text);
    this.refusal = { status, text, ...(error === undefined ? {} : { error }) };
    this.#headers = headers;
  }

  response(): Response {
    const { status, text } = this.refusal;
    return Response.json({ error: { message: text } }, { status, headers: this.#headers });
  }
}
