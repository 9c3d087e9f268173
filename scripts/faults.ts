import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { realRuntime } from "waybill/store";
import { campaign } from "../test/faults/campaign.js";
import { rows } from "../test/faults/catalogue.js";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    on: { type: "string" },
    seed: { type: "string" },
    json: { type: "boolean", default: false },
    lanes: { type: "string", default: "4" },
  },
});
const seed = Number(values.seed ?? randomInt(1, 2 ** 31));
const only = values.only?.split(",").map((name) => Number(name.replace(/^F/i, "")));
const chosen = rows.filter(({ f, on }) => (only?.includes(f) ?? true) && (values.on ?? on) === on);
const alive = realRuntime().hold();
const { results, uncaught } = await campaign(chosen, {
  seed,
  lanes: Number(values.lanes),
  told: (r) =>
    console.log(
      `F${r.f} ${r.on}: ${r.pass ? "pass" : "FAIL"} struck ${r.struck}, ${r.accepted} accepted, ${r.effects} effects, ${r.lost.length} lost, ${r.tookMs} ms ${r.problems.join("\n   ")}`,
    ),
});
alive.cancel();
for (const each of uncaught) console.log("UNCAUGHT", each);
process.exit(uncaught.length === 0 && results.every(({ pass }) => pass) ? 0 : 1);
