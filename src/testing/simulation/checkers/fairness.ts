import { burstFrom, burstMs } from "../workload.js";
import type { Check, Seen } from "./seen.js";

/** I18: a message of an idle key does not wait for the backlog of a busy one. */
export function fairShare({ of, runs }: Seen): Check {
  const id = `m${burstFrom + 100}`;
  const accepted = of("accepted").find((each) => each.id === id);
  const first = runs.find(({ started }) => started.id === id);
  if (accepted === undefined || first === undefined) return { findings: [], exercised: false };
  // A handler that outlives its message still has its slot.
  const idle = runs.every(
    ({ started, ended }) =>
      started.n >= burstFrom ||
      started.choice > accepted.choice ||
      (ended?.choice ?? Infinity) < accepted.choice,
  );
  if (!idle) return { findings: [], exercised: false };
  const waitedMs = first.started.atMs - accepted.atMs;
  const findings =
    waitedMs > 2 * burstMs
      ? [`${id} waited ${waitedMs} ms behind another key; a handler takes ${burstMs} ms`]
      : [];
  return { findings, exercised: true };
}
