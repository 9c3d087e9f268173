import { at, isIdempotent, isOriginal, keyOf, type Check, type Seen, type SeenRun } from "./seen.js";

/**
 * I2: of an idempotent consumer an effect happens once; a second time only if the handler was told that it may have
 * happened, or if what the first run sent was not accepted. The store knows that a message is done before it is
 * settled, and only a handler that succeeded sends.
 */
export function oneEffect(seen: Seen): Check {
  const findings = [...repeated(seen), ...settledTooEarly(seen), ...sentTooEarly(seen)];
  const received = new Set<string>();
  let again = false;
  for (const each of seen.of("received")) {
    if (!isIdempotent(seen, each.channel)) continue;
    const message = `${each.channel} ${each.id}`;
    again ||= received.has(message);
    received.add(message);
  }
  return { findings, exercised: again };
}

function repeated(seen: Seen): string[] {
  const groups = new Map<string, SeenRun[]>();
  for (const run of seen.runs) {
    const { channel, n } = run.started;
    if (isIdempotent(seen, channel)) at(groups, `${channel} ${n}`, () => []).push(run);
  }
  const findings: string[] = [];
  for (const [message, runs] of groups) {
    const effects = runs.filter(({ effect }) => effect !== undefined).length;
    const recovered = runs.filter(({ started }) => started.recovered).length;
    const unsent = runs.filter(
      (run, index) => run.effect !== undefined && !sentFollowUp(seen, run, runs[index + 1]),
    ).length;
    if (effects > 1 + recovered + unsent) findings.push(`${message} had its effect ${effects} times`);
  }
  return findings;
}

/** Whether what a run wanted to send was accepted before the next run: if not, it counts as failed. */
function sentFollowUp({ of }: Seen, { started, effect }: SeenRun, next: SeenRun | undefined): boolean {
  if (!started.sendsFollowUp) return true;
  return of("accepted").some(
    (each) =>
      each.heard &&
      each.brokerId === undefined &&
      each.cause === started.id &&
      each.process === started.process &&
      each.choice >= (effect?.choice ?? 0) &&
      each.choice <= (next?.started.choice ?? Infinity),
  );
}

function settledTooEarly(seen: Seen): string[] {
  const findings: string[] = [];
  const done = new Set<string>();
  const lastRun = new Map<string, SeenRun>();
  const copied = new Set<string>();
  for (const each of seen.of("changed", "effect", "accepted", "settled")) {
    if (each.kind === "changed" && each.what === "complete" && each.answer === "ok") done.add(each.key);
    if (each.kind === "effect") {
      const run = seen.runOf.get(each.run);
      if (run !== undefined) lastRun.set(`${run.started.process} ${run.delivery?.delivery ?? 0}`, run);
    }
    if (each.kind === "accepted" && !isOriginal(each)) copied.add(`${each.process} ${each.id}`);
    if (each.kind !== "settled" || each.action !== "complete" || !isIdempotent(seen, each.channel)) continue;
    if (copied.has(`${each.process} ${each.id}`)) continue;
    // Whoever it was that had it done: a claim may also be answered with that.
    const started = lastRun.get(`${each.process} ${each.delivery}`)?.started;
    if (started?.token !== undefined && !done.has(keyOf(started)))
      findings.push(`${each.channel} ${each.id} was settled before the store knew that it is done`);
  }
  return findings;
}

function sentTooEarly(seen: Seen): string[] {
  const findings: string[] = [];
  const succeeded = new Set<string>();
  for (const each of seen.of("effect", "accepted")) {
    if (each.kind === "effect") {
      const run = seen.runOf.get(each.run);
      if (run !== undefined) succeeded.add(`${run.started.process} ${run.started.id}`);
    }
    if (each.kind === "accepted" && each.cause !== undefined && each.brokerId === undefined) {
      if (!succeeded.has(`${each.process} ${each.cause}`))
        findings.push(`the handler of ${each.cause} sent ${each.id} before it had succeeded`);
    }
  }
  return findings;
}
