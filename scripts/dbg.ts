import { StillRuntime } from "/work/wt/diff/test/differential/still-runtime.js";
import { EmulatorSide } from "/work/wt/diff/test/differential/emulator-side.js";
import { drawSequence } from "/work/wt/diff/test/differential/draw-sequence.js";
const runtime = new StillRuntime();
const right = await EmulatorSide.start(runtime);
const s = drawSequence(process.argv[2]!);
const { party } = await right.begin("q", s.setting);
const e = (right as any).emulator_ ;
for (const c of s.commands) { if (c.do==="advance") runtime.advance(c.ms); const t=performance.now(); 
 try { console.log(JSON.stringify(c).slice(0,200), (await party.run(c)).map(l=>l.slice(0,100)), Math.round(performance.now()-t)); } catch (er) { console.log("ERR", er); }
 console.log((party as any)["look"]?.());
}
setTimeout(()=>{console.log((right as any).emulatorForDebug.recorder.text());},3000); console.log(await party.end());
await right.close();
