import type { World } from "../../../adapters/memory/world.js";
import { isWaybillError } from "../../errors.js";
import type {
  Delivery,
  Outgoing,
  Receiver,
  ReceiverOptions,
  Sender,
  SendResult,
  SettleRequest,
  Source,
  Transport,
} from "../../transport/transport.js";
import type { BugName } from "./bugs.js";
import type { SimChannels } from "./contracts.js";
import type { SimProcess } from "./process.js";

/** What a buggy transport works on. */
export interface BuggyParts {
  readonly bug: BugName;
  readonly process: SimProcess;
  readonly broker: World;
  readonly channels: SimChannels;
  readonly lockMs: number;
  readonly ttlMs: number | undefined;
  /** Whether the process is stopping. */
  readonly stopping: () => boolean;
}

/** What the core would have done in another order: kept until its time has come. */
interface Postponed {
  readonly id: string;
  readonly run: () => unknown;
}

/**
 * A transport that makes the core's steps look like those of a core with one bug: between the core and the boundary
 * that is watched, so that production code knows nothing of it.
 */
export function buggyTransport(inner: Transport, parts: BuggyParts): Transport {
  return {
    name: inner.name,
    capabilities: inner.capabilities,
    connect: async (context) => {
      const connection = await inner.connect({
        ...context,
        sources: context.sources.map((each) => real(each, parts)),
        destinations: context.destinations.map((each) => real(each, parts)),
      });
      const postponed: Postponed[] = [];
      return {
        sender: (destination) => buggySender(connection.sender(real(destination, parts)), parts, postponed),
        receiver: (source, options) => {
          const given = parts.bug === "abortNotFired" ? { ...options, onLost: () => undefined } : options;
          return buggyReceiver(connection.receiver(real(source, parts), given), {
            source,
            options,
            parts,
            postponed,
          });
        },
        deadLetters: (source) => connection.deadLetters(source),
        close: () => connection.close(),
      };
    },
  };
}

/** The core was told that `orders` has no order; the broker has sessions all the same. */
function real<T extends { readonly channel: Source["channel"] }>(place: T, { bug, channels }: BuggyParts): T {
  if (bug !== "sessionSkips" || place.channel.name !== "orders") return place;
  return { ...place, channel: channels.orders["~channel"] };
}

function buggySender(inner: Sender, parts: BuggyParts, postponed: Postponed[]): Sender {
  return {
    send: async (messages) => {
      const [first] = messages;
      if (first === undefined) return inner.send(messages);
      const { envelope } = first;
      const isCopy = envelope.brokerId !== undefined;
      const late =
        (parts.bug === "completeBeforeCopy" && isCopy) ||
        (parts.bug === "dispatchAfterSettle" && !isCopy && envelope.causationId !== undefined);
      if (late) {
        const id = isCopy ? envelope.id : (envelope.causationId ?? "");
        postponed.push({ id, run: () => inner.send(messages) });
        return messages.map((): SendResult => ({ ok: true }));
      }
      const results = await inner.send(messages.map((message) => changed(message, parts)));
      const ambiguous = results.some((result) => !result.ok && result.error.class === "ambiguous");
      if (parts.bug !== "newIdAfterAmbiguous" || !ambiguous) return results;
      return inner.send(
        messages.map((message) => ({
          ...message,
          envelope: { ...message.envelope, id: `${message.envelope.id}-again` },
        })),
      );
    },
    close: () => inner.close(),
  };
}

/** A retry copy with a bug. */
function changed(message: Outgoing, { bug, ttlMs }: BuggyParts): Outgoing {
  const { envelope } = message;
  if (envelope.brokerId === undefined) return message;
  if (bug === "copyWithSameId") {
    const { brokerId: _same, ...same } = envelope;
    return { ...message, envelope: same };
  }
  if (bug === "copyLosesTtl" && ttlMs !== undefined) return { ...message, envelope: { ...envelope, ttlMs } };
  if (bug !== "attemptsReset") return message;
  const { attempts: _reset, ...history } = envelope.history;
  return { ...message, envelope: { ...envelope, history } };
}

interface ReceiverParts {
  readonly source: Source;
  readonly options: ReceiverOptions;
  readonly parts: BuggyParts;
  readonly postponed: Postponed[];
}

function buggyReceiver(inner: Receiver, { source, parts, postponed }: ReceiverParts): Receiver {
  const { bug, process, broker } = parts;
  const highest = new Map<string, Delivery>();
  const checkpoint = inner.checkpoint?.bind(inner);
  return {
    receive: async (max, signal) => {
      const deliveries = await inner.receive(max, signal);
      for (const delivery of deliveries) highest.set(delivery.lane ?? "", delivery);
      return deliveries;
    },
    settle: async (requests) => {
      const [request] = requests;
      if (request === undefined) return inner.settle(requests);
      if (bug === "bufferDropped" && parts.stopping() && request.action.kind === "release")
        return [undefined];
      const answers = await inner.settle([wrong(request, parts)]);
      for (const { id, run } of postponed.splice(0)) {
        if (id === request.delivery.envelope.id) await process.turn("postponed", "", id).then(run);
        else postponed.push({ id, run });
      }
      if (
        bug === "deadLetterFailureSettles" &&
        request.action.kind === "deadLetter" &&
        answers[0] !== undefined
      )
        return inner.settle([{ delivery: request.delivery, action: { kind: "complete" } }]);
      return answers;
    },
    renew: async (deliveries) => {
      const answers = await inner.renew(deliveries);
      if (bug !== "abortNotFired") return answers;
      return answers.map((answer) =>
        typeof answer === "number" ? answer : process.runtime.now() + parts.lockMs,
      );
    },
    ...(checkpoint !== undefined
      ? {
          checkpoint: async (delivery) => {
            if (bug === "checkpointHighest") return checkpoint(highest.get(delivery.lane ?? "") ?? delivery);
            try {
              await checkpoint(delivery);
            } catch (error) {
              if (bug !== "checkpointAfterLoss" || !isWaybillError(error) || error.class !== "lockLost")
                throw error;
              forced(broker, source, delivery);
              process.note(delivery);
            }
          },
        }
      : {}),
    // Without its looks nobody would notice a receiver that has fallen silent.
    backlog: () => (bug === "backlogHidden" ? undefined : inner.backlog?.()),
    close: () => inner.close(),
  };
}

/** What a buggy core asks for instead. */
function wrong(request: SettleRequest, { bug, stopping }: BuggyParts): SettleRequest {
  const { delivery, action } = request;
  if (bug === "shutdownCounts" && stopping() && action.kind === "release")
    return { delivery, action: { kind: "abandon", history: action.history } };
  if (bug === "deadLetterLosesBody" && action.kind === "deadLetter") {
    const { message } = delivery.native as { readonly message: object };
    Object.assign(message, { body: new Uint8Array() });
  }
  return request;
}

/** Stores a checkpoint whoever owns the partition. */
function forced(broker: World, source: Source, delivery: Delivery): void {
  if (source.kind !== "group") return;
  broker.checkpoints.save({
    hub: source.address,
    group: source.group,
    partitionId: delivery.broker.partition ?? "",
    offset: delivery.broker.offset ?? "",
    sequenceNumber: Number(delivery.broker.sequenceNumber),
  });
}
