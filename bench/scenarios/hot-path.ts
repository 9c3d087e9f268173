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
      baseline(1_000_000 * scale),
      brokerLoop(50_000 * scale),
      brokerBatches(51_200 * scale),
      peerLoop("fastq", 50_000 * scale),
      peerLoop("smqp", 20_000 * scale),
      peerLoop("smqp, through an exchange", 10_000 * scale),
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
      what: "smqp, through an exchange / memory broker",
      value: spread(ratios(samples["smqp, through an exchange"], samples.broker)),
      unit: "×",
      atLeast: 8,
      note: "how its README uses it",
    },
    {
      what: "smqp, straight into the queue / memory broker",
      value: spread(ratios(samples.smqp, samples.broker)),
      unit: "×",
      note: "as our send is; compare fastq, which locks, counts and expires nothing",
    },
    {
      target: "P2",
      what: "memory broker in batches of 64 / B",
      value: times("broker, batches of 64"),
      unit: "× B",
      atMost: 5.5,
    },
    { what: "fastq / B", value: times("fastq"), unit: "× B", note: "no messaging semantics at all" },
    { what: "smqp, through an exchange / B", value: times("smqp, through an exchange"), unit: "× B" },
    { what: "smqp, straight into the queue / B", value: times("smqp"), unit: "× B" },
  ];
};

/** node-ts apart: it uses AsyncLocalStorage, which slows every await of the process, also those of the baseline. */
export const nodeTs: Scenario = async ({ rounds, scale }) => {
  const before = await interleave([baseline(1_000_000 * scale)], rounds);
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
  const messages = 50_000 * scale;
  const loop = await sdkLoop("pass-through", "many");
  const samples = await interleave(
    [baseline(1_000_000 * scale), brokerJsonLoop(messages), looping("sdk", loop, messages)],
    rounds,
  );
  await loop.stop();
  return [
    { what: "broker with JSON in its own loop", value: spread(samples["broker and JSON"]), unit: "µs" },
    { what: "whole SDK, sendMany", value: spread(samples.sdk), unit: "µs" },
    { what: "whole SDK, sendMany / B", value: spread(ratios(samples.sdk, samples.B)), unit: "× B" },
    {
      target: "P3",
      what: "whole SDK, sendMany / broker with JSON",
      value: spread(ratios(samples.sdk, samples["broker and JSON"])),
      unit: "×",
      atMost: sdkBound,
    },
  ];
};

/** What the whole SDK may cost, against the broker with JSON. */
const sdkBound = 1.35;

/** The same with one `send` awaited after the other. */
export const sdkOne: Scenario = async ({ rounds, scale }) => {
  const messages = 50_000 * scale;
  const loop = await sdkLoop("pass-through", "one");
  const samples = await interleave([brokerJsonLoop(messages), looping("sdk", loop, messages)], rounds);
  await loop.stop();
  return [
    {
      what: "whole SDK, one awaited send after the other / broker with JSON",
      value: spread(ratios(samples.sdk, samples["broker and JSON"])),
      unit: "×",
    },
  ];
};

/** P3 with a validator on both sides. */
export const sdkZod: Scenario = async ({ rounds, scale }) => {
  const messages = 50_000 * scale;
  const loop = await sdkLoop("zod", "many");
  const samples = await interleave(
    [brokerJsonLoop(messages), looping("sdk", loop, messages), validatorCalls(messages)],
    rounds,
  );
  await loop.stop();
  const ofAllowed = samples.sdk.map((cost, at) => {
    return cost / (sdkBound * samples["broker and JSON"][at]! + 1.1 * samples["zod twice"][at]!);
  });
  return [
    { what: "two bare parse calls of zod", value: spread(samples["zod twice"]), unit: "µs" },
    { what: "whole SDK with zod, sendMany", value: spread(samples.sdk), unit: "µs" },
    {
      target: "P3",
      what: "whole SDK with zod / (1.35 broker with JSON + 1.1 two parses)",
      value: spread(ofAllowed),
      unit: "×",
      atMost: 1,
    },
  ];
};
