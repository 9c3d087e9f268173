import { at, isIdempotent, type Check, type Seen, type SeenRun } from "./seen.js";

/**
 * I2: of an idempotent consumer an effect happens once; a second time only if the handler was told that it may have
 * happened, or if what the first run sent was not accepted. The store knows that a message is done before it is
 * settled, and only a handler that succeeded sends.
 */
export function oneEffect(seen: Seen): Check {
  const findings = [...repeated(seen), ...settledTooEarly(seen), ...sentTooEarly(seen)];
  const received = new Set<string>();
  let again = false;
  for (const each of seen.history) {
    if (each.kind !== "received" || !isIdempotent(seen, each.channel)) continue;
    const message = `${each.channel} ${each.id}`;
    again ||= received.has(message);
    received.add(message);
  }
  return { findings, exercised: again };
}

function repeated(seen: Seen): string[] {
  const excuses = new Map<string, number>();
  for (const each of seen.history) {
    const failed = each.kind === "refused" || (each.kind === "accepted" && !each.heard);
    if (failed && each.cause !== undefined) excuses.set(each.cause, (excuses.get(each.cause) ?? 0) + 1);
  }
  const groups = new Map<string, SeenRun[]>();
  for (const run of seen.runs) {
    const { channel, n } = run.started;
    if (isIdempotent(seen, channel)) at(groups, `${channel} ${n}`, () => []).push(run);
  }
  const findings: string[] = [];
  for (const [message, runs] of groups) {
    const effects = runs.filter(({ effect }) => effect !== undefined).length;
    const recovered = runs.filter(({ started }) => started.recovered).length;
    const id = runs[0]?.started.id ?? "";
    if (effects > 1 + recovered + (excuses.get(id) ?? 0))
      findings.push(`${message} had its effect ${effects} times`);
  }
  return findings;
}

function settledTooEarly(seen: Seen): string[] {
  const findings: string[] = [];
  const done = new Set<number>();
  const lastRun = new Map<string, SeenRun>();
  for (const each of seen.history) {
    if (each.kind === "changed" && each.what === "complete" && each.answer === "ok") done.add(each.token);
    if (each.kind === "effect") {
      const run = seen.runOf.get(each.run);
      if (run !== undefined) lastRun.set(`${run.started.process} ${run.delivery?.delivery ?? 0}`, run);
    }
    if (each.kind !== "settled" || each.action !== "complete" || !isIdempotent(seen, each.channel)) continue;
    const token = lastRun.get(`${each.process} ${each.delivery}`)?.started.token;
    if (token !== undefined && !done.has(token))
      findings.push(`${each.channel} ${each.id} was settled before the store knew that it is done`);
  }
  return findings;
}

function sentTooEarly(seen: Seen): string[] {
  const findings: string[] = [];
  const succeeded = new Set<string>();
  for (const each of seen.history) {
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
