import { behavioursOf, type Behaviour } from "./behaviour.js";
import { check, same } from "./check.js";
import { accepted } from "./kit.js";

const { core } = behavioursOf("O");

const trace = {
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  tracestate: "vendor=1",
};

export const observing: readonly Behaviour[] = [
  core(144, "traceparent propagates; consumer span child|link per kind", {}, async (kit) => {
    const [conduit, out] = [kit.conduit(), kit.conduit()];
    const line = await kit.connect([conduit, out], [out]);
    let runs = 0;
    await kit.work({
      reads: conduit,
      sends: [out],
      handler: async ({ data }, context) => {
        runs += 1;
        if (runs === 1) throw new Error("not yet");
        await context.send(out.thing, data, { headers: { run: kit.run } });
        await context.sendNow(out.thing, data, { headers: { run: kit.run } });
      },
      options: { retry: { backoff: () => 1_000 } },
    });
    accepted(await line.send(conduit, kit.envelope(1, trace)));
    const got = await line.reader(out).drain(2, 20_000);
    same(
      got.map(({ envelope: { traceparent, tracestate } }) => ({ traceparent, tracestate })),
      [trace, trace],
      "the trace of what a handler sends, also after a retry",
    );
  }),

  core(147, "unsettled-delivery leak reported with creation site", {}, async (kit) => {
    const conduit = kit.conduit();
    const gate = kit.gate();
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit],
      // It ignores its signal: what it holds is never settled.
      handler: () => gate.wait(),
    });
    const { id } = await worker.send(conduit, { n: 1 });
    await kit.time.until(() => gate.waiting === 1, "the handler hangs");
    const named = kit.time.runtime.activity.describe().filter((text) => text.includes(id));
    same(named.length, 1, "pieces of work that name the message");
    for (const part of ["worker", "conformance.thing", conduit.name])
      check(
        named[0]?.includes(part) === true,
        `an unsettled delivery is named with ${part} (${String(named[0])})`,
      );
    same(await worker.stop("3s"), { unfinished: 1 }, "what the stop reports");
    const stopped = worker.events.at(-1);
    check(stopped?.event === "stopped" && stopped.unfinished === 1, "the leak is told as an event");
  }),
];
