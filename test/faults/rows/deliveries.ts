import type { AmqpPlace } from "../places.js";
import type { Row } from "../row.js";
import type { Stage } from "../stage.js";
import { onQueue, overAmqp, type Act } from "../staged.js";
import { pause, until } from "../until.js";
import { addressOf, connectionsOf, toFrames } from "./frames.js";

const deliveries = { kind: "transfer", direction: "out" } as const;
const wishes = { kind: "flow", direction: "in" } as const;

/** Pauses and resumes the worker while frames are broken. */
const paused =
  (
    plan: { readonly kind: "flow" | "transfer"; readonly deed: "drop" | { readonly delay: string } },
    rounds: number,
  ): Act<AmqpPlace> =>
  async (stage, place) => {
    const { faults } = place.emulator;
    const mine = connectionsOf(place, "receiver");
    const direction = plan.kind === "flow" ? "in" : "out";
    const select = {
      kind: plan.kind,
      direction,
      connection: ({ id }: { readonly id: string }) => mine.has(id),
    } as const;
    const fault = faults.frames(select, plan.deed);
    for (let round = 0; round < rounds; round += 1) {
      stage.worker.pause();
      await pause(150);
      stage.worker.resume();
      await pause(150);
    }
    fault.remove();
    // What the broker was not told, nobody says again.
    if (plan.deed === "drop") faults.cut();
    await stage.progress();
    return fault.hits;
  };

/** As many deliveries unsettled as a consumer may have, beyond what the SDK's sessions hold. */
function crowd(): Row {
  let running = 0;
  let most = 0;
  let open: (() => void) | undefined;
  const door = new Promise<void>((resolve) => (open = resolve));
  return onQueue({
    ...{
      f: 30,
      injected: "1,000 handlers at a time, 2,400 messages, none settled until all run",
      holds: ["I1", "I2"],
    },
    ...{ concurrency: 1_000, before: 0, flow: false },
    work: async () => {
      running += 1;
      most = Math.max(most, running);
      await door;
      running -= 1;
    },
    act: async (stage) => {
      await stage.burst(800, "x");
      await until("1,000 handlers to run", () => most >= 1_000);
      open?.();
      return most;
    },
  });
}

/** Closing while nothing that says goodbye is heard. */
const deafClosing: Act<AmqpPlace> = async (stage, place) => {
  await until("what was sent to be done", () => stage.ledger.effects >= stage.ledger.accepted);
  const kinds = ["detach", "end", "close"] as const;
  const faults = kinds.map((kind) => place.emulator.faults.frames({ kind, direction: "in" }, "drop"));
  await stage.stop();
  return faults.reduce((sum, { hits }) => sum + hits, 0);
};

/** Pauses, which drain links, while connections are cut and goodbyes are lost. */
const drained: Act<AmqpPlace> = async (stage: Stage, { emulator }: AmqpPlace) => {
  const lost = emulator.faults.frames({ kind: "detach", direction: "out" }, "drop");
  let cut = 0;
  for (let round = 0; round < 4; round += 1) {
    stage.worker.pause();
    await pause(20 * round);
    cut += emulator.faults.cut();
    await pause(100);
    stage.worker.resume();
    await pause(100);
  }
  lost.remove();
  await stage.progress();
  return cut;
};

/** Faults of deliveries and of credit, by the emulator. */
export const deliveryRows: readonly Row[] = [
  ...overAmqp({
    ...{ f: 24, injected: "emulator: deliveries come twice", holds: ["I1", "I2"] },
    act: toFrames({ select: deliveries, of: "receiver", address: addressOf, deed: "duplicate", times: 3 }),
  }).filter(({ on }) => on !== "event-hubs"),
  ...overAmqp({
    ...{
      f: 27,
      injected: "emulator: wishes for messages are not heard, until connections are cut",
      holds: ["I1", "I2", "I11"],
    },
    act: toFrames({
      select: wishes,
      of: "receiver",
      deed: "drop",
      untilHeard: true,
      cutAfter: true,
    }),
  }),
  ...overAmqp({
    ...{
      f: 28,
      injected: "emulator: deliveries though the wish for them was taken back, which is not heard",
      holds: ["I1", "I2"],
    },
    act: paused({ kind: "flow", deed: "drop" }, 2),
  }),
  ...overAmqp({
    ...{
      f: 29,
      injected: "emulator: deliveries come 200 ms late, when nobody waits any more",
      holds: ["I1", "I2"],
    },
    act: paused({ kind: "transfer", deed: { delay: "200ms" } }, 4),
  }),
  crowd(),
  ...overAmqp({
    ...{
      f: 56,
      injected: "emulator: detach, end and close of the client are not heard",
      holds: ["I1", "I12"],
    },
    ...{ flow: false, act: deafClosing },
  }),
  ...overAmqp({
    ...{ f: 57, injected: "emulator: cut while links are drained, goodbyes are lost", holds: ["I1", "I2"] },
    act: drained,
  }),
];
