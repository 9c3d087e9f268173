import { withoutSecrets } from "./message/redact.js";
import { tellable } from "./message/tellable.js";
import type { AppEvent, EventListener } from "./policy/app-event.js";
import type { ServiceSpec } from "./service.js";

/** Telling must not change what is told: what a listener throws goes nowhere. */
export function listenerOf(on: EventListener | undefined): EventListener | undefined {
  if (on === undefined) return undefined;
  return (event) => {
    try {
      // The type says that nothing comes back; an async listener gives a promise all the same.
      const answer: unknown = on(told(event));
      if (answer instanceof Promise) answer.catch(() => undefined);
    } catch {
      // A broken listener is the listener's.
    }
  };
}

/** What others said, and what others threw, without secrets. */
function told(event: AppEvent): AppEvent {
  switch (event.event) {
    case "sendFailed":
    case "lockLost":
    case "settleFailed":
    case "receiveFailed":
    case "checkpointFailed":
      return withError(event, tellable(event.error));
    case "handlerFailed": {
      const error = tellable(event.error);
      return error === event.error ? event : { ...event, error };
    }
    case "deadLettered":
      return { ...event, description: withoutSecrets(event.description) };
    case "left":
      return withStoreFailure({ ...event, why: withoutSecrets(event.why) });
    case "retryingNow":
    case "held":
    case "retryScheduled":
    case "released":
      return withStoreFailure(event);
    case "warning":
      return { ...event, text: withoutSecrets(event.text) };
    default:
      return event;
  }
}

const withError = <E extends { readonly error: Error }>(event: E, error: Error): E =>
  error === event.error ? event : { ...event, error };

const withStoreFailure = <E extends { readonly error?: Error }>(event: E): E =>
  event.error === undefined ? event : { ...event, error: tellable(event.error) };

/** Tells each warning once. */
export function warner({ name }: ServiceSpec, emit: EventListener | undefined): (text: string) => void {
  const told = new Set<string>();
  return (text) => {
    if (told.has(text)) return;
    told.add(text);
    emit?.({ event: "warning", service: name, text });
  };
}
