import { isWaybillError } from "waybill";
import type { AmqpPlace } from "../places.js";
import type { Row } from "../row.js";
import type { Place, Stage, Work } from "../stage.js";
import { onQueue, onSessions, overAmqp, type Act } from "../staged.js";
import { pause, until } from "../until.js";
import { addressOf, toFrames } from "./frames.js";

const answers = { kind: "disposition", direction: "out" } as const;
const management = (place: AmqpPlace): string => `${addressOf(place)}/$management`;

/** For a message of each key: long enough for its lock to be renewed a few times on the way. */
const longWork: Work = async ({ n }, { locks }) => {
  if (n === 3) await locks(2);
};

/** Handlers that work until a lock has run out, whether they look at their signal or not. */
export function outlasted(
  heeds: boolean,
  passes = "25s",
): { readonly work: Work; readonly act: Act<Place & Pick<AmqpPlace, "emulator">> } {
  let holding = 0;
  let release: (() => void) | undefined;
  const gate = (): Promise<void> => new Promise((resolve) => (release = resolve));
  let gated: Promise<void> | undefined;
  const work: Work = async (_job, { signal }) => {
    if (gated === undefined) return;
    holding += 1;
    await (heeds ? Promise.race([gated, fired(signal)]) : gated);
    if (heeds) signal.throwIfAborted();
  };
  const act = async (stage: Stage, { emulator }: Pick<AmqpPlace, "emulator">): Promise<number> => {
    let struck = 0;
    for (let round = 0; round < 3; round += 1) {
      holding = 0;
      gated = gate();
      await until("a handler to hold", () => holding > 0);
      const lost = stage.count("lockLost") + stage.count("settleFailed") + stage.count("left");
      emulator.advance(passes);
      await pause(200);
      gated = undefined;
      release?.();
      await until(
        "a lock to be known as lost",
        () => stage.count("lockLost") + stage.count("settleFailed") + stage.count("left") > lost,
      );
      struck += 1;
      await stage.progress();
    }
    return struck;
  };
  return { work, act };
}

const fired = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));

const outlastedRows = (f: number, injected: string, heeds: boolean): readonly Row[] => {
  const holds = ["I1", "I2", "I3"];
  return [
    onQueue({ f, injected, holds, ...outlasted(heeds) }),
    onSessions({ f, injected, holds, ...outlasted(heeds) }),
  ];
};

/** The `int` of a status of 200 in an answer of $management becomes one of 410. */
function gone(bytes: Uint8Array): Uint8Array {
  const frame = Buffer.from(bytes);
  const at = frame.indexOf(Buffer.from([0x71, 0, 0, 0, 200]));
  if (at >= 0) frame.writeInt32BE(410, at + 1);
  return frame;
}

/** An answer that accepts becomes one that rejects, because the service is busy. */
export function busy(bytes: Uint8Array): Uint8Array {
  const frame = Buffer.from(bytes);
  const accepted = frame.lastIndexOf(Buffer.from([0x00, 0x53, 0x24, 0x45]));
  // disposition: a list with a size and a count of one byte each.
  const list = frame.indexOf(Buffer.from([0x00, 0x53, 0x15, 0xc0]));
  if (accepted < 0 || list < 0) return bytes;
  const text = (constructor: number, value: string): Buffer =>
    Buffer.concat([Buffer.from([constructor, value.length]), Buffer.from(value)]);
  const items = (count: number, content: Buffer): Buffer =>
    Buffer.concat([Buffer.from([0xc0, content.length + 1, count]), content]);
  const fields = Buffer.concat([text(0xa3, "com.microsoft:server-busy"), text(0xa1, "wait")]);
  const error = Buffer.concat([Buffer.from([0x00, 0x53, 0x1d]), items(2, fields)]);
  const rejected = Buffer.concat([Buffer.from([0x00, 0x53, 0x25]), items(1, error)]);
  const changed = Buffer.concat([frame.subarray(0, accepted), rejected, frame.subarray(accepted + 4)]);
  const more = rejected.length - 4;
  changed.writeUInt8(changed.readUInt8(list + 4) + more, list + 4);
  changed.writeUInt32BE(changed.length, 0);
  return changed;
}

/** Sends that are stored, and refused for being too many: they say how long to wait, and nobody in between repeats them. */
const refusedSends: Act<AmqpPlace> = async (stage, place) => {
  const made = (): number => stage.refusals.length + stage.ledger.accepted;
  const sent = (): number => place.emulator.recorded({ type: "sent", address: addressOf(place) }).length;
  const [madeBefore, sentBefore] = [made(), sent()];
  const plan = { select: answers, of: "sender", deed: { replace: busy }, times: 3 } as const;
  const struck = await toFrames(plan)(stage, place);
  const refusals = stage.refusals.filter(isWaybillError);
  if (!refusals.some(({ code, retryAfterMs = 0 }) => code === "busy" && retryAfterMs >= 4_000))
    stage.problems.push(`I9: no send was refused as busy, with a time to wait: ${String(refusals[0])}`);
  // One of each key may be under way.
  const more = sent() - sentBefore - (made() - madeBefore);
  if (more > 3) stage.problems.push(`I9: messages were sent ${String(more)} times more than they were to be`);
  return struck;
};

/** Answers that are lost, late or refusals, by the emulator. */
export const lateAnswers: readonly Row[] = [
  ...overAmqp({
    ...{
      f: 2,
      injected: "emulator: answers of sends are lost after the message was stored",
      holds: ["I1", "I2"],
    },
    act: toFrames({ select: answers, of: "sender", deed: "drop", times: 3 }),
  }),
  ...overAmqp({
    ...{
      f: 3,
      injected: "emulator: answers of sends come 2 s late, after the client's time limit",
      holds: ["I1", "I2", "I12"],
    },
    act: toFrames({ select: answers, of: "sender", deed: { delay: "2s" }, times: 2, staysMs: 2_200 }),
  }),
  ...overAmqp({
    ...{ f: 17, injected: "emulator: sends are rejected (server-busy)", holds: ["I1", "I2", "I9"] },
    act: refusedSends,
  }),
  ...outlastedRows(19, "emulator: 25 s pass while handlers work, locks last 20 s", true),
  onQueue({
    ...{ f: 20, injected: "emulator: renewals succeed, their answers are lost", holds: ["I1", "I2", "I3"] },
    work: longWork,
    act: toFrames({
      select: { kind: "transfer", direction: "out" },
      address: management,
      deed: "drop",
      times: 2,
    }),
  }),
  onSessions({
    ...{
      f: 20,
      injected: "emulator: renewals succeed, their answers are lost",
      holds: ["I1", "I2", "I3", "I6"],
    },
    work: longWork,
    act: toFrames({
      select: { kind: "transfer", direction: "out" },
      address: management,
      deed: "drop",
      times: 2,
    }),
  }),
  onQueue({
    ...{ f: 21, injected: "emulator: renewals are answered with 410", holds: ["I1", "I2", "I3"] },
    work: longWork,
    act: toFrames({
      select: { kind: "transfer", direction: "out" },
      address: management,
      deed: { replace: gone },
      times: 2,
    }),
  }),
  ...outlastedRows(22, "emulator: handlers outlast their locks and complete all the same", false),
  ...overAmqp({
    ...{ f: 23, injected: "emulator: answers of settlements are lost", holds: ["I1", "I2"] },
    act: toFrames({ select: answers, of: "receiver", deed: "drop", times: 3 }),
  }).filter(({ on }) => on !== "event-hubs"),
];

/** Messages that are given up while answers are lost. */
const givenUp = {
  ...{ f: 63, injected: "emulator: answers of dead-letterings are lost", holds: ["I1", "I16"] },
  gaveUp: ({ n }: { readonly n: number }) => n % 3 === 0,
  act: toFrames({ select: answers, of: "receiver", deed: "drop", times: 3 }),
} as const;

export const deadLetterings: readonly Row[] = [onQueue(givenUp), onSessions(givenUp)];
