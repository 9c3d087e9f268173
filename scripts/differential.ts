import { StillRuntime } from "../test/differential/still-runtime.js";
import { memorySide } from "../test/differential/memory-side.js";
import { EmulatorSide } from "../test/differential/emulator-side.js";
import { compare } from "../test/differential/difference.js";
import { drawSequence } from "../test/differential/draw-sequence.js";
const n = Number(process.argv[2] ?? 20), first = Number(process.argv[3] ?? 1);
const runtime = new StillRuntime();
const right = await EmulatorSide.start(runtime);
const sides = { runtime, left: memorySide(runtime), right };
let bad = 0;
for (let i = first; i < first + n; i++) {
  const s = drawSequence(String(i));
  const { difference, history } = await compare(sides, `q${i}`, s);
  if (difference) { bad++; console.log(i, JSON.stringify(s.setting)); for (let k = 0; k <= difference.at; k++) console.log("  ", k, JSON.stringify(s.commands[k])?.slice(0,600), (history[k]??[]).map(l=>l.slice(0,60)).join("|")); console.log("  L", difference.left.join("\n    ")); console.log("  R", difference.right.join("\n    ")); if (bad > 4) break; }
}
console.log(bad, "differ", process.cpuUsage(), performance.now());
await right.close();
