import { DueNode } from "./agenda.js";
import type { NotifierContext } from "./context.js";
import type { DeliveryAnswer } from "./delivery-rules.js";
import { isJsonObject, member, type JsonValue } from "./json.js";

/** `active` alone gets events. `awaitingManualAction` means: the endpoint answered, but did not consent yet. */
export type HandshakeState = "validating" | "awaitingManualAction" | "active" | "failed";

/** Whom to ask, and how. */
export interface HandshakeTarget {
  readonly topic: string;
  readonly topicId: string;
  readonly subscription: string;
  readonly endpoint: string;
  readonly schema: "cloudEvents" | "eventGrid";
}

/** What Event Grid calls itself in `WebHook-Request-Origin`. */
export const requestOrigin = "eventgrid.azure.net";

/**
 * Asks an endpoint whether it wants events: by an echo of a code (Event Grid schema) or by `WebHook-Allowed-Origin`
 * (CloudEvents), or within five minutes by a GET of the URL that the request carries.
 *
 * Source: webhook-event-delivery.md, end-point-validation-cloud-events-schema.md.
 */
export class Handshake extends DueNode {
  readonly #context: NotifierContext;
  readonly #target: HandshakeTarget;
  readonly #code: string;
  readonly #deadlineMs: number;
  #state: HandshakeState = "validating";
  #requestId: string | undefined;
  #attempts = 0;

  constructor(context: NotifierContext, target: HandshakeTarget) {
    super();
    this.#context = context;
    this.#target = target;
    this.#code = context.newId();
    this.#deadlineMs = context.agenda.nowMs + consentMs;
  }

  get state(): HandshakeState {
    return this.#state;
  }

  start(): void {
    this.#context.handshakes.set(this.#code, this);
    this.#ask();
  }

  /** The endpoint's answer to the request. */
  answer(answer: DeliveryAnswer, requestId: string): void {
    if (requestId !== this.#requestId) return;
    this.#requestId = undefined;
    const consents = this.#target.schema === "eventGrid" ? echoes(answer, this.#code) : allowsOrigin(answer);
    if (consents) this.#end("active");
    else this.#refused("status" in answer && answer.status === 200);
  }

  /** Somebody opened the validation URL. */
  consent(): void {
    this.#end("active");
  }

  /** Stops asking, for a subscription that is deleted. */
  cancel(): void {
    if (this.#state !== "active") this.#end("failed");
  }

  override fire(): void {
    if (this.#context.agenda.nowMs >= this.#deadlineMs) this.#end("failed");
    else if (this.#requestId !== undefined) this.#timedOut();
    else this.#ask();
  }

  #ask(): void {
    const { agenda, newId, requests, deliver, validationUrl } = this.#context;
    const id = newId();
    this.#attempts += 1;
    this.#requestId = id;
    requests.set(id, this);
    agenda.schedule(this, Math.min(agenda.nowMs + answerMs, this.#deadlineMs));
    const { topic, subscription, endpoint } = this.#target;
    const url = validationUrl(this.#code);
    const rest = this.#target.schema === "eventGrid" ? this.#validationEvent(url) : consentQuestion(url);
    deliver({ id, topic, subscription, url: endpoint, ...rest });
  }

  #timedOut(): void {
    if (this.#requestId !== undefined) this.#context.requests.delete(this.#requestId);
    this.#requestId = undefined;
    this.#refused(false);
  }

  #refused(answered: boolean): void {
    const { agenda } = this.#context;
    if (!answered && this.#attempts < maxAttempts) {
      agenda.schedule(this, Math.min(agenda.nowMs + askAgainMs, this.#deadlineMs));
      return;
    }
    this.#state = "awaitingManualAction";
    agenda.schedule(this, this.#deadlineMs);
  }

  #end(state: "active" | "failed"): void {
    this.#state = state;
    if (this.#requestId !== undefined) this.#context.requests.delete(this.#requestId);
    this.#requestId = undefined;
    this.#context.agenda.cancel(this);
    this.#context.handshakes.delete(this.#code);
  }

  #validationEvent(validationUrl: string): Question {
    const event = {
      id: this.#requestId ?? "",
      topic: this.#target.topicId,
      subject: "",
      data: { validationCode: this.#code, validationUrl },
      eventType: "Microsoft.EventGrid.SubscriptionValidationEvent",
      eventTime: new Date(this.#context.agenda.nowMs).toISOString(),
      metadataVersion: "1",
      dataVersion: "1",
    };
    const headers = {
      "content-type": "application/json; charset=utf-8",
      "aeg-event-type": "SubscriptionValidation",
      "aeg-subscription-name": this.#target.subscription.toUpperCase(),
      "aeg-delivery-count": "0",
    };
    return { method: "POST", headers, body: JSON.stringify([event]) };
  }
}

interface Question {
  readonly method: "POST" | "OPTIONS";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const answerMs = 30_000;
const askAgainMs = 5_000;
const consentMs = 5 * 60_000;
/** The service repeats a failed question after five seconds; how often is not documented. */
const maxAttempts = 2;

function consentQuestion(callback: string): Question {
  const headers = { "webhook-request-origin": requestOrigin, "webhook-request-callback": callback };
  return { method: "OPTIONS", headers, body: "" };
}

/** Only 200 counts, 202 does not. */
function echoes(answer: DeliveryAnswer, code: string): boolean {
  if (!("status" in answer) || answer.status !== 200) return false;
  try {
    const body = JSON.parse(answer.body ?? "") as JsonValue;
    return isJsonObject(body) && member(body, "validationResponse") === code;
  } catch {
    return false;
  }
}

/** The header is the consent; a status alone is none. */
function allowsOrigin(answer: DeliveryAnswer): boolean {
  if (!("status" in answer) || answer.status < 200 || answer.status > 299) return false;
  const allowed = (answer.headers?.["webhook-allowed-origin"] ?? "")
    .split(",")
    .map((origin) => origin.trim());
  return allowed.includes("*") || allowed.some((origin) => origin.toLowerCase() === requestOrigin);
}
