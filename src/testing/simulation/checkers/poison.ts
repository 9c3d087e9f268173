import type { Check, Seen } from "./seen.js";

/** What nobody gets to look at, because locks and processes are lost before, ends otherwise. */
const aside = new Set(["Undecodable", "BrokerExpired", "BrokerMaxDelivery", "CrashLoop"]);

/** I13: what cannot be decoded is put aside with its bytes, and nothing else is. */
export function poisonAside({ schedule, of }: Seen): Check {
  const unreadable = schedule.workload.foreign.filter(({ readable }) => !readable);
  const findings = unreadable.flatMap(({ id }) =>
    of("letter").some((each) => each.id === id && aside.has(each.reason))
      ? []
      : [`${id} cannot be decoded and is not put aside as that`],
  );
  for (const each of of("letter")) {
    if (each.reason !== "Undecodable") continue;
    if (!unreadable.some(({ id }) => id === each.id))
      findings.push(`${each.id} was put aside as undecodable`);
  }
  return { findings, exercised: unreadable.length > 0 };
}

/** I15: nothing that travels changes a prototype. */
export function prototypesUntouched({ schedule, of, runs }: Seen): Check {
  const findings = of("polluted").map(({ where }) => `a prototype was changed, seen at ${where}`);
  const polluting = schedule.workload.foreign.filter(({ readable }) => readable);
  const exercised = polluting.some(({ n }) => runs.some(({ started }) => started.n === n));
  return { findings, exercised };
}
