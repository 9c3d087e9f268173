import type { EventGridReceiverClient } from "@azure/eventgrid-namespaces";
import { elementTexts, memberText } from "../../src/transport/index.js";
import type { EventGridEvent } from "./event-delivery.js";

/** How to ask for events. */
export interface ReceiveRequest {
  readonly maxEvents: number;
  /** How long the service waits for the first one, 10 to 120 seconds. */
  readonly maxWaitTime: number;
  readonly abortSignal: AbortSignal;
}

/**
 * Receives events as the text that the service answers with. `EventGridReceiverClient` 1.0 leaves out every extension
 * attribute, parses `data`, and throws for a whole answer when it cannot read one event of it.
 */
export async function receiveEvents(
  client: EventGridReceiverClient,
  request: ReceiveRequest,
): Promise<readonly EventGridEvent[]> {
  const answer: { text?: string } = {};
  try {
    await client.receiveEvents({
      ...request,
      onResponse: ({ status, bodyAsText }) => {
        if (status === 200 && typeof bodyAsText === "string") answer.text = bodyAsText;
      },
    });
  } catch (error) {
    if (answer.text === undefined) throw error;
  }
  return answer.text === undefined ? [] : eventsOf(answer.text);
}

/** `{ "value": [ { "brokerProperties": { lockToken, deliveryCount }, "event": … } ] }` [REST 2024-06-01]. */
function eventsOf(answer: string): readonly EventGridEvent[] {
  const list = memberText(answer, "value");
  if (list === undefined) return [];
  return elementTexts(list).flatMap((details) => {
    const properties = JSON.parse(memberText(details, "brokerProperties") ?? "{}") as Properties;
    const { lockToken, deliveryCount } = properties;
    if (typeof lockToken !== "string") return [];
    return {
      json: memberText(details, "event") ?? "",
      lockToken,
      deliveryCount: typeof deliveryCount === "number" ? deliveryCount : 1,
    };
  });
}

interface Properties {
  readonly lockToken?: unknown;
  readonly deliveryCount?: unknown;
}
