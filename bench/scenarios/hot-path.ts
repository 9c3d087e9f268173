import { interleave, ratios, spread } from "../measure.js";
import type { Scenario } from "../scenario.js";
import { baseline } from "./baseline.js";
import { brokerBatches, brokerJsonLoop, brokerLoop } from "./broker-loop.js";
import { peerLoop } from "./peers.js";
import { looping, sdkLoop, validatorCalls } from "./sdk-loop.js";

/** P1 and P2: the broker alone beside the baseline and the peers. */
export const broker: Scenario = async ({ rounds, scale }) => {
  const samples = await interleave(
    [
      baseline(200_000 * scale),
      brokerLoop(50_000 * scale),
      brokerBatches(51_200 * scale),
      peerLoop("fastq", 50_000 * scale),
      peerLoop("smqp", 2_000),
    ],
    rounds,
  );
  const times = (name: keyof typeof samples) => spread(ratios(samples[name], samples.B));
  return [
    { what: "B: EventEmitter and awaited handler", value: spread(samples.B), unit: "µs" },
    { what: "memory broker", value: spread(samples.broker), unit: "µs" },
    { target: "P1", what: "memory broker / B", value: times("broker"), unit: "× B", atMost: 10 },
    {
      target: "P1",
      what: "smqp / memory broker",
      value: spread(ratios(samples.smqp, samples.broker)),
      unit: "×",
      atLeast: 8,
    },
    {
      target: "P2",
      what: "memory broker in batches of 64 / B",
      value: times("broker, batches of 64"),
      unit: "× B",
      atMost: 5.5,
    },
    { what: "fastq / B", value: times("fastq"), unit: "× B", note: "no messaging semantics at all" },
    { what: "smqp / B", value: times("smqp"), unit: "× B" },
  ];
};

/** node-ts apart: it uses AsyncLocalStorage, which slows every await of the process, also those of the baseline. */
export const nodeTs: Scenario = async ({ rounds, scale }) => {
  const before = await interleave([baseline(200_000 * scale)], rounds);
  const samples = await interleave([peerLoop("node-ts", 1_000)], rounds, 1);
  return [
    {
      what: "node-ts memory queue / B",
      value: spread(ratios(samples["node-ts"], before.B)),
      unit: "× B",
      note: "B measured before it was loaded",
    },
  ];
};

/** P3: the whole SDK beside the broker with JSON in its own loop. */
export const sdk: Scenario = async ({ rounds, scale }) => {
  const many = await sdkLoop("pass-through", "many");
  const one = await sdkLoop("pass-through", "one");
  const zod = await sdkLoop("zod", "many");
  const messages = 20_000 * scale;
  const samples = await interleave(
    [
      baseline(200_000 * scale),
      brokerJsonLoop(messages),
      looping("many", many, messages),
      looping("one", one, messages),
      looping("zod", zod, messages),
      validatorCalls(messages),
    ],
    rounds,
  );
  for (const loop of [many, one, zod]) await loop.stop();
  const bound = 1.35;
  const withZod = samples.zod.map((cost, at) => {
    const allowed = bound * samples["broker and JSON"][at]! + 1.1 * samples["zod twice"][at]!;
    return cost / allowed;
  });
  return [
    { what: "broker with JSON in its own loop", value: spread(samples["broker and JSON"]), unit: "µs" },
    { what: "whole SDK, sendMany", value: spread(samples.many), unit: "µs" },
    { what: "whole SDK, sendMany / B", value: spread(ratios(samples.many, samples.B)), unit: "× B" },
    {
      target: "P3",
      what: "whole SDK, sendMany / broker with JSON",
      value: spread(ratios(samples.many, samples["broker and JSON"])),
      unit: "×",
      atMost: bound,
    },
    {
      what: "whole SDK, one send at a time / broker with JSON",
      value: spread(ratios(samples.one, samples["broker and JSON"])),
      unit: "×",
    },
    {
      target: "P3",
      what: "with zod / (1.35 broker with JSON + 1.1 two parses)",
      value: spread(withZod),
      unit: "×",
      atMost: 1,
    },
  ];
};
