import { at, type Check, type Of, type Seen } from "./seen.js";

/**
 * I20: after a stop no handler starts; what was not started is given back, and does not count as an attempt.
 */
export function cleanShutdown(seen: Seen): Check {
  const findings = [...startedLate(seen), ...keptBack(seen), ...counted(seen)];
  const midway = seen.of("life").some(({ step }) => step === "stopping");
  const released = seen.of("settled").some(({ action, ok }) => action === "release" && ok);
  return { findings, exercised: midway && released };
}

function startedLate({ of }: Seen): string[] {
  const stopped = new Set<string>();
  const findings: string[] = [];
  for (const each of of("life", "started")) {
    if (each.kind === "life" && each.step === "stopped") stopped.add(each.process);
    if (each.kind === "started" && stopped.has(each.process))
      findings.push(`${each.process} started a handler for ${each.id} after it had stopped`);
  }
  return findings;
}

/** The part of its time that a stop waits for what is on its way. */
const waitsShare = 0.8;

/** Who stopped with nothing unfinished has settled, or lost, everything that it had received from queues. */
function keptBack({ of }: Seen): string[] {
  const open = new Map<string, Map<number, Of<"received">>>();
  const stopping = new Map<string, number>();
  const unheard = new Set<string>();
  const findings: string[] = [];
  for (const each of of("received", "settled", "renewed", "said", "fault", "life")) {
    if (each.kind === "received" && each.lockedUntilMs !== undefined)
      at(open, each.process, () => new Map<number, Of<"received">>()).set(each.delivery, each);
    if (each.kind === "settled") open.get(each.process)?.delete(each.delivery);
    if (each.kind === "renewed" && each.told === "lost") open.get(each.process)?.delete(each.delivery);
    if (each.kind === "said" && (each.event === "lockLost" || each.event === "left")) {
      for (const [delivery, { id }] of open.get(each.process) ?? [])
        if (id === each.id) open.get(each.process)?.delete(delivery);
    }
    if (each.kind === "fault" && each.fault === "receiveAnswerLost")
      unheard.add(each.where.split(" ")[0] ?? "");
    if (each.kind === "life" && each.step === "stopping")
      stopping.set(each.process, each.atMs + Number(each.detail) * waitsShare);
    if (each.kind === "life" && each.step === "stopped" && each.detail === "0") {
      // What was on its way for so long is nobody's fault.
      if (each.atMs >= (stopping.get(each.process) ?? 0) || unheard.has(each.process)) continue;
      for (const { channel, id } of open.get(each.process)?.values() ?? [])
        findings.push(`${each.process} stopped and kept ${channel} ${id}`);
    }
  }
  return findings;
}

/** An attempt is a run, or a delivery that ended without a word: nothing else counts. */
function counted({ of, runOf }: Seen): string[] {
  const findings: string[] = [];
  const deliveries = new Map<string, Map<number, { runs: number; released: boolean }>>();
  for (const each of of("received", "settled", "started")) {
    if (each.kind === "received") {
      const known = at(deliveries, `${each.channel} ${each.id}`, () => new Map<number, Delivered>());
      known.set(each.delivery, { runs: 0, released: false });
    }
    if (each.kind === "settled" && each.ok) {
      const delivered = deliveries.get(`${each.channel} ${each.id}`)?.get(each.delivery);
      if (delivered !== undefined && (each.action === "release" || each.action === "abandon"))
        delivered.released = true;
      // A copy goes on where its original ended; an original that ran nothing adds nothing.
      if (delivered !== undefined && each.action === "complete") delivered.released = true;
    }
    if (each.kind !== "started") continue;
    const mine = runOf.get(each.run)?.delivery?.delivery;
    const known = deliveries.get(`${each.channel} ${each.id}`);
    if (known === undefined || mine === undefined) continue;
    let most = 1;
    for (const [delivery, { runs, released }] of known) {
      if (delivery === mine) most += runs;
      else most += Math.max(released ? 0 : 1, runs);
    }
    if (each.attempt > most)
      findings.push(
        `attempt ${each.attempt} of ${each.channel} ${each.id}, which has had at most ${most - 1} runs`,
      );
    const own = known.get(mine);
    if (own !== undefined) own.runs += 1;
  }
  return findings;
}

interface Delivered {
  runs: number;
  released: boolean;
}
