import type { ClaimCheck } from "../claim-check/claim-check.js";
import type { ScheduledSendOptions } from "../contracts/send-options.js";
import { channelId, type Target } from "../contracts/channel.js";
import { WaybillError } from "../errors.js";
import type { EventListener } from "../policy/app-event.js";
import type { Runtime } from "../runtime/runtime.js";
import type { MaybePromise, Outgoing, SendResult } from "../transport/transport.js";
import { outletOf, type Outlet, type Route } from "./outlet.js";
import { prepare, type Origin, type Prepared } from "./prepare.js";

/** What a producer works with. */
export interface ProducerContext {
  readonly service: string;
  readonly runtime: Runtime;
  /** Absent if nobody listens. */
  readonly emit: EventListener | undefined;
  /** Absent if `run()` got no store for what is too large. */
  readonly claimCheck: ClaimCheck | undefined;
}

/**
 * The walk out: validates, encodes and hands to the sender of the channel.
 *
 * It sends a message a second time only as itself: a member of a batch that was refused as a whole goes out once
 * more, alone, so that the culprit can be named.
 */
export class Producer {
  readonly #context: ProducerContext;
  readonly #routes: ReadonlyMap<string, Route>;
  /** By the target, which is an object of the contract package. */
  readonly #outlets = new WeakMap<Target, Outlet>();
  readonly #warned = new Set<string>();
  #closed = false;

  constructor(context: ProducerContext, routes: ReadonlyMap<string, Route>) {
    this.#context = context;
    this.#routes = routes;
  }

  /**
   * Validates and encodes one message.
   * @throws {WaybillError} what {@link prepare} throws; `undeclaredChannel`, `tooLarge`, `closed`.
   */
  prepare(
    target: Target,
    data: unknown,
    options: ScheduledSendOptions,
    origin: Origin,
  ): Prepared | Promise<Prepared> {
    const outlet = this.#outlet(target);
    if (!outlet.route.declared) throw this.#undeclared(outlet.channel);
    return prepare(outlet, data, options, origin, this.#context.claimCheck);
  }

  /** As {@link prepare}, also for a channel that the service only reads: for what goes back there. */
  prepareOwn(
    target: Target,
    data: unknown,
    options: ScheduledSendOptions,
    origin: Origin,
  ): Prepared | Promise<Prepared> {
    return prepare(this.#outlet(target), data, options, origin, this.#context.claimCheck);
  }

  /** The origin of a send that no message led to. */
  origin(): Origin {
    const { runtime, service } = this.#context;
    return {
      source: service,
      nowMs: runtime.now(),
      newId: (name) => runtime.uuid(name),
    };
  }

  /** Sends prepared messages, those of one channel in order. One result per message, in order; never rejects. */
  dispatch(messages: readonly Prepared[]): MaybePromise<readonly SendResult[]> {
    const [first] = messages;
    if (first === undefined) return [];
    if (messages.every((message) => message.channel === first.channel)) {
      return this.#send(
        first.channel,
        messages.map((message) => message.outgoing),
      );
    }
    return this.#sendEach(messages);
  }

  async #sendEach(messages: readonly Prepared[]): Promise<readonly SendResult[]> {
    const results = new Array<SendResult>(messages.length);
    for (const [channel, indexes] of byChannel(messages)) {
      const sent = await this.#send(
        channel,
        indexes.map((index) => messageAt(messages, index).outgoing),
      );
      for (const [at, index] of indexes.entries()) results[index] = sent[at] ?? lostAnswer();
    }
    return results;
  }

  /** Cancels scheduled messages of one channel: true for each that was still scheduled. */
  async cancel(channel: string, tokens: readonly string[]): Promise<readonly boolean[]> {
    const { sender } = this.#route(channel);
    if (sender.cancel === undefined) {
      throw new WaybillError("unsupported", `the transport of ${channel} cannot cancel scheduled messages`);
    }
    return sender.cancel(tokens);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const route of this.#routes.values()) await route.sender.close();
  }

  #send(channel: string, outgoing: readonly Outgoing[]): MaybePromise<readonly SendResult[]> {
    if (this.#closed) {
      const error = this.#stopped();
      return outgoing.map(() => ({ ok: false, error }));
    }
    const route = this.#route(channel);
    const answers = this.#attempt(route, outgoing);
    if (answers instanceof Promise) return answers.then((late) => this.#conclude(route, outgoing, late));
    return this.#conclude(route, outgoing, answers);
  }

  #conclude(
    route: Route,
    outgoing: readonly Outgoing[],
    answers: readonly SendResult[],
  ): MaybePromise<readonly SendResult[]> {
    if (!answers.every(isAccepted)) return this.#resend(route, outgoing, answers);
    this.#tell(route, outgoing, answers);
    return answers;
  }

  /** What was refused with others goes out alone; what stood behind it, after it. */
  async #resend(
    route: Route,
    outgoing: readonly Outgoing[],
    answers: readonly SendResult[],
  ): Promise<readonly SendResult[]> {
    const results = [...(await this.#resendMembers(route, outgoing, answers))];
    let unsent = unsentIn(results);
    while (unsent.length > 0) {
      const rest = unsent.map((index) => messageAt(outgoing, index));
      const answers = await this.#resendMembers(route, rest, await this.#attempt(route, rest));
      for (const [at, index] of unsent.entries()) results[index] = answers[at] ?? lostAnswer();
      const left = unsentIn(results);
      // A sender that tries nothing is not asked again.
      if (left.length === unsent.length) break;
      unsent = left;
    }
    this.#tell(route, outgoing, results);
    return results;
  }

  /** A sender does not throw; one that does may have sent. */
  #attempt(route: Route, outgoing: readonly Outgoing[]): MaybePromise<readonly SendResult[]> {
    const { runtime } = this.#context;
    const id = outgoing[0]?.envelope.id ?? "";
    const work = runtime.activity.begin(() => `sending ${id} to ${route.destination.channel.name}`);
    const threw = (cause: unknown): readonly SendResult[] => {
      runtime.activity.end(work);
      const error = new WaybillError("ambiguousSend", "the transport's sender threw", { cause });
      return outgoing.map(() => ({ ok: false, error }));
    };
    const answered = (answer: readonly SendResult[]): readonly SendResult[] => {
      runtime.activity.end(work);
      return answer;
    };
    try {
      const answer = runtime.port("send", route.destination.address, id, () => route.sender.send(outgoing));
      return answer instanceof Promise ? answer.then(answered, threw) : answered(answer);
    } catch (error) {
      return threw(error);
    }
  }

  /** A batch that was definitely refused stored nothing: its members go out one by one, once. */
  async #resendMembers(
    route: Route,
    outgoing: readonly Outgoing[],
    results: readonly SendResult[],
  ): Promise<readonly SendResult[]> {
    const members = refusedMembers(results);
    if (members.length === 0) return results;
    const final = [...results];
    for (const index of members) {
      const message = outgoing[index];
      if (message === undefined) continue;
      const [alone] = await this.#attempt(route, [message]);
      final[index] = alone ?? lostAnswer();
    }
    return final;
  }

  #route(channel: string): Route {
    if (this.#closed) throw this.#stopped();
    const route = this.#routes.get(channel);
    if (route === undefined) throw this.#undeclared(channel);
    return route;
  }

  #stopped(): WaybillError {
    return new WaybillError("closed", `service "${this.#context.service}" is stopped: nothing was sent`);
  }

  #undeclared(channel: string): WaybillError {
    return new WaybillError(
      "undeclaredChannel",
      `service "${this.#context.service}" does not declare that it sends to ${channel}: add the channel to .sends()`,
    );
  }

  /** @throws {WaybillError} `closed`, `undeclaredChannel`, `invalidContract` */
  #outlet(target: Target): Outlet {
    if (this.#closed) throw this.#stopped();
    const known = this.#outlets.get(target);
    if (known !== undefined) return known;
    const outlet = outletOf(target, this.#route(channelId(target["~target"].spec)));
    this.#outlets.set(target, outlet);
    this.#warnOnce(outlet.message);
    return outlet;
  }

  #warnOnce({ warning, type }: Outlet["message"]): void {
    if (warning === undefined || this.#warned.has(type)) return;
    this.#warned.add(type);
    this.#context.emit?.({ event: "warning", service: this.#context.service, text: warning });
  }

  #tell(route: Route, outgoing: readonly Outgoing[], results: readonly SendResult[]): void {
    if (this.#context.emit === undefined) return;
    const { name, kind } = route.destination.channel;
    for (const [index, result] of results.entries()) {
      const envelope = outgoing[index]?.envelope;
      if (envelope === undefined) continue;
      const place = {
        service: this.#context.service,
        channel: name,
        kind,
        id: envelope.id,
        messageType: envelope.type,
      };
      this.#context.emit?.(
        result.ok ? { event: "sent", ...place } : { event: "sendFailed", error: result.error, ...place },
      );
    }
  }
}

const isAccepted = (result: SendResult): boolean => result.ok;

/** Indexes of the messages that were not tried, because a batch before them was refused. */
function unsentIn(results: readonly SendResult[]): number[] {
  return results.flatMap((result, index) => (!result.ok && result.unsent === true ? [index] : []));
}

function byChannel(messages: readonly Prepared[]): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const [index, { channel }] of messages.entries()) {
    const group = groups.get(channel);
    if (group === undefined) groups.set(channel, [index]);
    else group.push(index);
  }
  return groups;
}

/** Indexes of messages whose batch of several was refused for certain. */
function refusedMembers(results: readonly SendResult[]): number[] {
  const sizes = new Map<number, number>();
  for (const result of results) {
    if (!result.ok && result.batch !== undefined) sizes.set(result.batch, (sizes.get(result.batch) ?? 0) + 1);
  }
  return results.flatMap((result, index) => {
    if (result.ok || result.batch === undefined || result.error.class !== "permanent") return [];
    return (sizes.get(result.batch) ?? 0) > 1 ? [index] : [];
  });
}

function messageAt<T>(messages: readonly T[], index: number): T {
  const message = messages[index];
  if (message === undefined) throw new RangeError(`no message ${String(index)}`);
  return message;
}

function lostAnswer(): SendResult {
  return {
    ok: false,
    error: new WaybillError("ambiguousSend", "the transport gave no answer for this message"),
  };
}
