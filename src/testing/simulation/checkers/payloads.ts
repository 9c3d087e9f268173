import type { Check, Seen } from "./seen.js";

/** I5: two messages with one id and different data are two messages: neither passes for the other. */
export function payloadsApart({ schedule, of, runs }: Seen): Check {
  const findings: string[] = [];
  let exercised = false;
  const { workload, swarm } = schedule;
  const accepted = new Set<string>();
  for (const { body } of of("accepted")) accepted.add(body);
  for (const n of workload.reused) {
    const message = workload.messages.find((each) => each.n === n);
    const first = workload.messages.find(({ id }) => id === message?.id);
    if (message === undefined || first === undefined) continue;
    // The broker drops a second message of an id by itself where it looks for duplicates.
    if (message.channel === "jobs" && swarm.dedup) continue;
    if (!swarm.idempotent[message.channel]) continue;
    exercised = true;
    const handled = [first, message].filter((each) =>
      runs.some(({ started, effect }) => started.n === each.n && effect !== undefined),
    );
    if (handled.length > 1) findings.push(`both messages with the id ${message.id} had an effect`);
    for (const { n: number, key } of [first, message]) {
      const body = JSON.stringify({ n: number, key });
      const lies = of("letter").some((each) => each.body === body);
      if (accepted.has(body) && !lies && !handled.some((each) => each.n === number))
        findings.push(`message ${number} was taken for the other one with the id ${message.id}`);
    }
  }
  return { findings, exercised };
}
