import type { Check, Seen } from "./seen.js";

/**
 * I3, at the store: nobody gets a claim while another's lease lives, nothing is changed by a token that is not the
 * newest, and what is done is not claimed again.
 */
export function leaseExclusion({ schedule, of }: Seen): Check {
  const findings: string[] = [];
  const claims = new Map<string, Claim>();
  let contended = false;
  for (const each of of("claimed", "changed")) {
    if (each.kind === "claimed") {
      const held = claims.get(each.key);
      contended ||= held !== undefined;
      if (each.answer !== "acquired") continue;
      if (held?.state === "claimed" && held.leaseUntilMs > each.atMs)
        findings.push(`${each.key} was claimed by ${each.process} while the lease of ${held.process} lived`);
      if (held?.state === "completed")
        findings.push(`${each.key} was done, and claimed again by ${each.process}`);
      const { token, process, leaseMs } = each;
      claims.set(each.key, { token, process, state: "claimed", leaseUntilMs: each.atMs + leaseMs });
    }
    if (each.kind === "changed" && each.answer === "ok") {
      const held = claims.get(each.key);
      if (held === undefined) continue;
      if (each.token !== held.token) {
        findings.push(`the store took ${each.what} of ${each.key} from ${each.process} with an old token`);
      } else if (each.what === "extend") held.leaseUntilMs = each.atMs + schedule.swarm.leaseMs;
      else held.state = each.what === "complete" ? "completed" : "released";
    }
  }
  return { findings, exercised: contended };
}

interface Claim {
  readonly token: number;
  readonly process: string;
  state: "claimed" | "completed" | "released";
  leaseUntilMs: number;
}

/** I4: a claim whose owner is gone can be had when its lease has ended. */
export function leaseLiveness({ schedule, of }: Seen): Check {
  const findings: string[] = [];
  const leases = new Map<string, number>();
  let recovered = false;
  for (const each of of("claimed", "changed")) {
    if (each.kind === "changed" && each.answer === "ok") {
      if (each.what === "extend") leases.set(each.key, each.atMs + schedule.swarm.leaseMs);
      else leases.delete(each.key);
    }
    if (each.kind !== "claimed") continue;
    const untilMs = leases.get(each.key);
    if (each.answer === "acquired") {
      recovered ||= untilMs !== undefined && untilMs <= each.atMs;
      leases.set(each.key, each.atMs + each.leaseMs);
    } else if (each.answer === "busy" && (untilMs === undefined || untilMs <= each.atMs)) {
      findings.push(`${each.key} was refused to ${each.process} although no lease of it lived`);
    }
  }
  return { findings, exercised: recovered };
}
