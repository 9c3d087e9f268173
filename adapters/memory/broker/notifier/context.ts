import type { Agenda } from "./agenda.js";
import type { Linked, ReadyList } from "./ready-list.js";
import type { DeliveryAnswer } from "./delivery-rules.js";
import type { Handshake } from "./handshake.js";
import type { DeliveryRequest } from "./push-request.js";

/** What every topic and subscription of one notifier shares: time, identity, chance and the way out. */
export interface NotifierContext {
  readonly agenda: Agenda;
  /** Makes an identifier that is unique within this notifier. */
  readonly newId: () => string;
  /** A number in [0, 1) for a named decision. */
  readonly draw: (name: string) => number;
  /** How many waiting events compete for being handed out next; 1 keeps the order of arrival. */
  readonly shuffleWindow: number;
  /** Chance in [0, 1] that a subscription gets a second copy of an event. */
  readonly duplicateProbability: number;
  /** Share of a retry delay that chance may add, from 0. */
  readonly jitterRatio: number;
  readonly deliver: (request: DeliveryRequest) => void;
  /** Who waits for the answer to a request. */
  readonly requests: Map<string, Answerable>;
  /** Handshakes that a validation URL can still end, by validation code. */
  readonly handshakes: Map<string, Handshake>;
  readonly validationUrl: (code: string) => string;
}

/** Someone who sent a request. */
export interface Answerable {
  answer(answer: DeliveryAnswer, requestId: string): void;
}

/** The next event to hand out by the subscription that picks for the `picks`-th time: the oldest, or one of the window that a named draw picks. */
export function pickNext<N extends Linked<N>>(
  context: NotifierContext,
  ready: ReadyList<N>,
  pick: { readonly topic: string; readonly name: string; readonly picks: number },
): N | undefined {
  const window = Math.min(context.shuffleWindow, ready.size);
  if (window <= 1) return ready.head;
  const name = `shuffle ${pick.topic}/${pick.name}#${String(pick.picks)}`;
  return ready.at(Math.floor(context.draw(name) * window));
}
