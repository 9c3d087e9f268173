import type { BugName } from "./bugs.js";
import { runSeed, type Outcome } from "./campaign.js";
import type { SimulationSize } from "./size.js";
import type { Swarm } from "./swarm.js";

/** Leaves out of a failing schedule whatever it does not need to fail in the same way; with a seeded bug, if it was that. */
export async function shrink(failed: Outcome, bug?: BugName): Promise<Outcome> {
  const invariant = failed.findings[0]?.invariant;
  const { seed } = failed.schedule;
  let least = failed;
  let changes: readonly Change[] = [];
  let { size } = failed.schedule;
  const attempt = async (tried: readonly Change[], triedSize: SimulationSize): Promise<boolean> => {
    const adjust = (swarm: Swarm): Swarm => tried.reduce((changed, change) => change(changed), swarm);
    const seeded = bug === undefined ? {} : { bug };
    const outcome = await runSeed(seed, { size: triedSize, adjust, ...seeded });
    const same = outcome.findings.filter((finding) => finding.invariant === invariant);
    if (same.length === 0) return false;
    least = { ...outcome, findings: same };
    changes = tried;
    size = triedSize;
    return true;
  };
  for (const change of changesOf(failed.schedule.swarm)) await attempt([...changes, change], size);
  for (let messages = Math.floor(size.messages / 2); messages >= 1; messages = Math.floor(messages / 2)) {
    if (!(await attempt(changes, { ...size, messages }))) break;
  }
  return least;
}

type Change = (swarm: Swarm) => Swarm;

/** The largest first. */
function changesOf(swarm: Swarm): readonly Change[] {
  const calm: Change[] = [
    (each) => ({ ...each, crash: undefined }),
    (each) => ({ ...each, stop: undefined }),
    (each) => ({ ...each, pause: undefined }),
    (each) => ({ ...each, staleCopies: 0 }),
    (each) => ({ ...each, hotShare: 0 }),
    (each) => ({ ...each, followUpShare: 0 }),
    (each) => ({ ...each, slowShare: 0 }),
    (each) => ({ ...each, failingShare: 0 }),
    (each) => ({ ...each, timeShare: 0 }),
    (each) => ({ ...each, listenerThrows: false }),
    (each) => ({ ...each, skewMs: each.skewMs.map(() => 0) }),
  ];
  const withoutFault = swarm.faults.map((fault): Change => (each) => ({
    ...each,
    faults: each.faults.filter(
      ({ name, fromChoice }) => name !== fault.name || fromChoice !== fault.fromChoice,
    ),
  }));
  return [...withoutFault, ...calm];
}
