import type { Checkpoint } from "../../src/store/index.js";
import { WaybillError } from "../../src/transport/index.js";

/** The hub is another one than that of the checkpoint; `last` is where it ends, if that shows it. */
export function madeAnew(
  where: string,
  { sequenceNumber, offset }: Checkpoint,
  last: number | undefined,
): WaybillError {
  const found = last === undefined ? "has another event there" : `ends at sequence number ${String(last)}`;
  return new WaybillError(
    "notFound",
    `the checkpoint of ${where} (sequence number ${sequenceNumber}, offset ${offset}) is of another event hub: this one ` +
      `${found}, so it was made anew. It is read from its beginning`,
    { class: "transient" },
  );
}

/** What is told of events that are gone, from the number `from` to before `begin`. */
export function expired(where: string, from: number, begin: number): WaybillError {
  return new WaybillError(
    "notFound",
    `${where} no longer has the events with sequence numbers ${String(from)} to ${String(begin - 1)}, which nobody has ` +
      "done: the group was away for longer than the hub retains events. It goes on at the oldest that is left",
    { class: "transient" },
  );
}

export const stuck = (where: string, next: number): WaybillError =>
  new WaybillError(
    "transportFailed",
    `${where} does not get on: the hub has an event with sequence number ${String(next)}, and the service's client does ` +
      "not give it, over a new link either",
  );

export const undecodable = (where: string, next: number): WaybillError =>
  new WaybillError(
    "undecodable",
    `${where} has an event with sequence number ${String(next)} at which the service's client loses its connection: it is ` +
      "passed, and stays in the hub for as long as that retains events",
    { class: "transient" },
  );
