import { at, type Check, type Seen } from "./seen.js";

/** I6: of one key a message is handled when all before it have come to their end. */
export function orderPerKey({ of, runs, runOf }: Seen): Check {
  const findings: string[] = [];
  const keys = new Map<string, Map<number, boolean>>();
  const placeOf = new Map<string, string>();
  const handled = new Set<string>();
  for (const { started } of runs) {
    const { channel, key, sequence, partition } = started;
    if (channel !== "jobs")
      placeOf.set(`${channel} ${partition ?? ""} ${sequence}`, `${channel} ${partition ?? ""} ${key}`);
  }
  const sequenceOf = new Map<number, string>();
  for (const each of of("received", "effect", "settled", "started")) {
    if (each.kind === "received" && each.channel !== "jobs") {
      const event = `${each.channel} ${each.partition ?? ""} ${each.sequence}`;
      sequenceOf.set(each.delivery, event);
      const place = placeOf.get(event);
      const ends = place === undefined ? undefined : at(keys, place, () => new Map<number, boolean>());
      if (ends?.has(each.sequence) === false) ends.set(each.sequence, false);
    }
    if (each.kind === "effect") handled.add(runOf.get(each.run)?.started.id ?? "");
    // An original that is completed for a copy has not come to its end.
    const over = each.kind === "settled" && each.ok && (each.action === "deadLetter" || handled.has(each.id));
    if (over && each.action !== "release" && each.action !== "abandon") {
      const event = sequenceOf.get(each.delivery);
      const place = event === undefined ? undefined : placeOf.get(event);
      if (event !== undefined && place !== undefined)
        keys.get(place)?.set(Number(event.slice(event.lastIndexOf(" ") + 1)), true);
    }
    if (each.kind === "started" && each.channel !== "jobs") {
      const place = `${each.channel} ${each.partition ?? ""} ${each.key}`;
      for (const [sequence, done] of keys.get(place) ?? []) {
        if (sequence < each.sequence && !done)
          findings.push(`${place}: ${each.id} (${each.sequence}) was handled while ${sequence} was not done`);
      }
    }
  }
  const failedInOrder = runs.some(
    ({ started, ended }) => started.channel !== "jobs" && ended?.how === "failed",
  );
  return { findings, exercised: failedInOrder };
}
