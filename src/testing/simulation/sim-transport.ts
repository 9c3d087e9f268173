import { WaybillError } from "../../errors.js";
import type { Runtime } from "../../runtime/runtime.js";
import type {
  Connection,
  Delivery,
  Destination,
  Outgoing,
  Receiver,
  Sender,
  SendResult,
  SettleRequest,
  Source,
  Transport,
} from "../../transport/transport.js";
import type { Fault, FaultMode, FaultPlace, Faults } from "./faults.js";
import type { History } from "./history.js";
import type { SimProcess } from "./process.js";

/** What the boundaries of one process share. */
export interface Boundary {
  readonly process: SimProcess;
  readonly faults: Faults;
  readonly history: History;
  /** The broker's own clock: processes may be wrong about the time, the broker is not. */
  readonly brokerRuntime: Runtime;
  /** The connections that are cut when the process dies. */
  readonly connections: Connection[];
  /** Numbers the deliveries of the whole schedule. */
  readonly nextDelivery: () => number;
}

/** A transport that does what the inner one does, breaks where the plan says so, and notes what passes. */
export function simTransport(inner: Transport, boundary: Boundary): Transport {
  return {
    name: inner.name,
    capabilities: inner.capabilities,
    connect: async (context) => {
      if (boundary.faults.take("open", boundary.process.name) !== undefined) throw failure("refuse");
      const connection = await inner.connect({ ...context, runtime: boundary.brokerRuntime });
      boundary.connections.push(connection);
      const copied = new Set<string>();
      return {
        sender: (destination) => simSender(connection.sender(destination), destination, boundary, copied),
        receiver: (source, options) =>
          simReceiver(connection.receiver(source, options), source, boundary, copied),
        deadLetters: (source) => connection.deadLetters(source),
        close: () => connection.close(),
      };
    },
  };
}

function simSender(
  inner: Sender,
  { address }: Destination,
  { process, faults, history, brokerRuntime }: Boundary,
  copied: Set<string>,
): Sender {
  const store = async (messages: readonly Outgoing[], heard: boolean): Promise<readonly SendResult[]> => {
    const results = await inner.send(messages);
    for (const [index, { envelope, dueMs }] of messages.entries()) {
      const { id, brokerId, causationId } = envelope;
      if (results[index]?.ok !== true) {
        history.add({ kind: "refused", process: process.name, channel: address, id, cause: causationId });
        continue;
      }
      if (brokerId !== undefined) copied.add(id);
      history.add({
        kind: "accepted",
        process: process.name,
        channel: address,
        id,
        brokerId,
        cause: causationId,
        body: Buffer.from(envelope.body).toString(),
        delayMs: dueMs === undefined ? undefined : dueMs - process.runtime.now(),
        heard,
      });
    }
    return results;
  };
  const refuse = (messages: readonly Outgoing[], error: WaybillError): readonly SendResult[] => {
    for (const { envelope } of messages) {
      history.add({
        kind: "refused",
        process: process.name,
        channel: address,
        id: envelope.id,
        cause: envelope.causationId,
      });
    }
    return messages.map(() => ({ ok: false, error }));
  };
  return {
    send: async (messages) => {
      const fault = faults.take("send", `${process.name} ${address}`);
      if (fault === undefined) return store(messages, true);
      switch (fault.mode) {
        case "lose": {
          await store(messages, false);
          return messages.map(() => ({ ok: false, error: new WaybillError("ambiguousSend", "no answer") }));
        }
        case "late": {
          const results = await store(messages, true);
          await after(brokerRuntime, fault.delayMs);
          return results;
        }
        case "twice": {
          const results = await store(messages, true);
          await store(
            messages.map((message) => ({
              ...message,
              envelope: { ...message.envelope, brokerId: `${message.envelope.id} twice` },
            })),
            false,
          );
          for (const { envelope } of messages) copied.delete(envelope.id);
          return results;
        }
        default:
          return refuse(messages, failure(fault.mode));
      }
    },
    close: () => inner.close(),
  };
}

function simReceiver(inner: Receiver, source: Source, boundary: Boundary, copied: Set<string>): Receiver {
  const { process, faults, history, brokerRuntime } = boundary;
  const { address } = source;
  const numbers = new WeakMap<Delivery, number>();
  const where = `${process.name} ${address}`;
  const checkpoint = inner.checkpoint?.bind(inner);
  return {
    receive: async (max, signal) => {
      // What a reader of a stream has taken and not heard of nobody would read again: that is another room's fault.
      const allowed = (mode: FaultMode): boolean => mode !== "lose" || source.kind !== "group";
      const fault = faults.take("receive", where, allowed);
      if (fault !== undefined && fault.mode !== "lose" && fault.mode !== "late") throw failure(fault.mode);
      const deliveries = await inner.receive(max, signal);
      for (const delivery of deliveries) note(boundary, address, delivery, numbers);
      if (fault?.mode === "lose" && deliveries.length > 0) throw failure("refuse");
      if (fault?.mode === "late") await after(brokerRuntime, fault.delayMs);
      return deliveries;
    },
    settle: async (requests) => {
      // A stream completes in the reader itself: no answer can be lost on the way.
      const allowed = (mode: FaultMode): boolean => mode !== "lose" || source.kind !== "group";
      const fault = settleFault(faults, where, requests, { copied, allowed });
      const refused = fault !== undefined && fault.mode !== "lose" && fault.mode !== "late";
      const answers = refused
        ? requests.map(() => new WaybillError("settleFailed", "the settlement did not arrive"))
        : await inner.settle(requests);
      for (const [index, { delivery, action }] of requests.entries()) {
        history.add({
          kind: "settled",
          process: process.name,
          channel: address,
          id: delivery.envelope.id,
          delivery: numbers.get(delivery) ?? 0,
          action: action.kind,
          ok: answers[index] === undefined,
          heard: fault?.mode !== "lose",
        });
      }
      if (fault?.mode === "late") await after(brokerRuntime, fault.delayMs);
      if (fault?.mode === "lose") return requests.map(() => new WaybillError("settleFailed", "no answer"));
      return answers;
    },
    renew: async (deliveries) => {
      const { crossing } = process;
      const fault = faults.take("renew", where);
      const answers = fault?.mode === "lost" ? [] : await inner.renew(deliveries);
      const told = deliveries.map((_, index) => toldOf(fault, answers[index]));
      for (const [index, delivery] of deliveries.entries()) {
        const answer = answers[index];
        history.add({
          kind: "renewed",
          process: process.name,
          delivery: numbers.get(delivery) ?? 0,
          untilMs: typeof answer === "number" ? answer : undefined,
          told: told[index] ?? "failed",
          crossing,
        });
      }
      if (fault?.mode === "late") await after(brokerRuntime, fault.delayMs);
      if (fault?.mode === "lost")
        return deliveries.map(() => new WaybillError("lockLost", "the lock is gone"));
      return fault?.mode === "lose" ? deliveries.map(() => failure("refuse")) : answers;
    },
    ...(checkpoint !== undefined
      ? {
          checkpoint: async (delivery) => {
            const fault = faults.take("checkpoint", where);
            if (fault?.mode === "refuse") throw failure("refuse");
            const noted = (ok: boolean): void => {
              history.add({
                kind: "checkpointed",
                process: process.name,
                partition: delivery.broker.partition ?? "",
                sequence: Number(delivery.broker.sequenceNumber),
                ok,
              });
            };
            try {
              await checkpoint(delivery);
              noted(true);
            } catch (error) {
              noted(false);
              throw error;
            }
            if (fault?.mode === "late") await after(brokerRuntime, fault.delayMs);
            if (fault?.mode === "lose") throw failure("refuse");
          },
        }
      : {}),
    close: async () => {
      await inner.close();
      if (faults.take("close", where) !== undefined) await new Promise<never>(() => undefined);
    },
  };
}

function note(
  { process, history, nextDelivery }: Boundary,
  address: string,
  delivery: Delivery,
  numbers: WeakMap<Delivery, number>,
): void {
  const number = nextDelivery();
  numbers.set(delivery, number);
  history.add({
    kind: "received",
    process: process.name,
    channel: address,
    id: delivery.envelope.id,
    delivery: number,
    lockedUntilMs: delivery.lockedUntilMs,
    sequence: Number(delivery.broker.sequenceNumber),
    partition: delivery.broker.partition,
  });
}

function settleFault(
  faults: Faults,
  where: string,
  [request]: readonly SettleRequest[],
  { copied, allowed }: { readonly copied: Set<string>; readonly allowed: (mode: FaultMode) => boolean },
): Fault | undefined {
  if (request === undefined) return undefined;
  const { action, delivery } = request;
  const { id } = delivery.envelope;
  let place: FaultPlace = "settle";
  if (action.kind === "deadLetter") place = "deadLetter";
  else if (action.kind === "complete" && copied.delete(id)) place = "afterCopy";
  const special = place === "settle" ? undefined : faults.take(place, `${where} ${id}`, allowed);
  return special ?? faults.take("settle", `${where} ${id}`, allowed);
}

function toldOf(
  fault: Fault | undefined,
  answer: number | WaybillError | undefined,
): "ok" | "lost" | "failed" {
  if (fault?.mode === "lost") return "lost";
  if (fault?.mode === "lose" || answer === undefined) return "failed";
  if (typeof answer === "number") return "ok";
  return answer.class === "lockLost" ? "lost" : "failed";
}

/** A remote side that wants to be left alone for ten years. */
const tenYearsMs = 10 * 365 * 86_400_000;

function failure(mode: FaultMode): WaybillError {
  switch (mode) {
    case "throttle":
      return new WaybillError("quotaExceeded", "too many requests", { retryAfterMs: tenYearsMs });
    case "forbid":
      return new WaybillError("unauthorized", "the credential is not accepted");
    case "disable":
      return new WaybillError("disabled", "the entity is disabled");
    default:
      return new WaybillError("transportFailed", "the connection was reset");
  }
}

/** Waits on the network, which lives on when a process stands still. */
export const after = (runtime: Runtime, ms: number): Promise<void> =>
  new Promise((resolve) => {
    runtime.after(ms, resolve);
  });
