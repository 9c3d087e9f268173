import { at, isOriginal, type Check, type Of, type Seen } from "./seen.js";

/**
 * I1: what the broker accepted is handled or a dead letter in the end, its body intact; nothing leaves the broker
 * without a reason; what a handler sends is there before its own message goes; nothing outlives its time to live.
 */
export function noLoss(seen: Seen): Check {
  const findings = [...fates(seen), ...departures(seen), ...lifetimes(seen)];
  const { phases } = seen.schedule;
  for (const [phase, end] of Object.entries(phases)) {
    if (end !== "ended" && phase !== "stop")
      findings.push(`the ${phase} phase did not come to an end: ${end}`);
  }
  for (const each of seen.of("rest")) {
    if (each.messages > 0 && phases["liveness"] === "ended")
      findings.push(`${each.messages} messages are left on ${each.channel}`);
  }
  return { findings, exercised: seen.of("fault").length > 0 };
}

function fates({ of, runs }: Seen): string[] {
  const findings: string[] = [];
  const bodies = new Map<string, Set<string>>();
  for (const each of of("accepted"))
    at(bodies, `${each.channel} ${each.id}`, () => new Set<string>()).add(each.body);
  const safe = new Set<string>();
  for (const { started, effect } of runs)
    if (effect !== undefined) safe.add(`${started.channel} ${started.id}`);
  for (const each of of("letter")) {
    const message = `${each.channel} ${each.id}`;
    safe.add(message);
    if (bodies.get(message)?.has(each.body) !== true)
      findings.push(
        `the dead letter ${message} has another body than was sent: ${JSON.stringify(each.body)}`,
      );
  }
  for (const message of bodies.keys())
    if (!safe.has(message)) findings.push(`${message} was accepted and is lost`);
  return findings;
}

/** Each completion at the broker's door needs an effect, or a copy that was accepted before. */
function departures({ of, runs }: Seen): string[] {
  const findings: string[] = [];
  const effects = new Map<string, number>();
  for (const { started, effect } of runs) {
    const message = `${started.channel} ${started.id}`;
    if (effect !== undefined) effects.set(message, Math.min(effect.choice, effects.get(message) ?? Infinity));
  }
  const senders = new Map<number, { readonly choice: number }>();
  for (const { started, effect, delivery } of runs) {
    if (effect !== undefined && started.sendsFollowUp) senders.set(delivery?.delivery ?? 0, effect);
  }
  const received = new Map<number, number>();
  const copies = new Map<string, number>();
  const caused = new Set<string>();
  for (const [index, each] of of("received", "accepted", "settled").entries()) {
    if (each.kind === "received") received.set(each.delivery, index);
    if (each.kind === "accepted") {
      if (!isOriginal(each)) copies.set(`${each.process} ${each.channel} ${each.id}`, index);
      if (each.cause !== undefined) caused.add(each.cause);
    }
    if (each.kind !== "settled" || each.action !== "complete" || !each.ok) continue;
    const message = `${each.channel} ${each.id}`;
    const handled = (effects.get(message) ?? Infinity) <= each.choice;
    const copied =
      (copies.get(`${each.process} ${message}`) ?? -1) > (received.get(each.delivery) ?? Infinity);
    if (!handled && !copied) findings.push(`${message} was completed without an effect and without a copy`);
    const sender = senders.get(each.delivery);
    if (sender !== undefined && sender.choice <= each.choice && !copied && !caused.has(each.id))
      findings.push(`${message} was completed before what its handler sent was accepted`);
  }
  return findings;
}

/** Clocks that are off make a copy live longer or shorter by as much. */
const mostSkewMs = 15_000;

function lifetimes({ schedule, of, runs }: Seen): string[] {
  const { ttlMs, skewMs } = schedule.swarm;
  if (ttlMs === undefined) return [];
  const skewed = skewMs.some((ms) => ms !== 0) ? mostSkewMs : 0;
  const born = new Map<string, number[]>();
  const allowance = new Map<string, number>();
  for (const each of of("accepted")) {
    if (each.channel !== "jobs") continue;
    if (isOriginal(each)) at(born, each.id, () => []).push(each.atMs);
    // A copy that was long on its way lives as much longer.
    else allowance.set(each.id, (allowance.get(each.id) ?? 0) + skewed + Math.max(0, -(each.delayMs ?? 0)));
  }
  const endOf = ({ id, atMs }: Of<"received">): number => {
    const last = born.get(id)?.findLast((bornMs) => bornMs <= atMs) ?? Infinity;
    return last + ttlMs + (allowance.get(id) ?? 0) + 1;
  };
  return runs
    .filter(({ delivery }) => delivery !== undefined && delivery.atMs > endOf(delivery))
    .map(({ started }) => `jobs ${started.id} was handled after its time to live`);
}
