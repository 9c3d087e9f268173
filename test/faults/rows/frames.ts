import type { FrameDeed, FrameSelector } from "waybill-tools/emulator";
import type { AmqpPlace } from "../places.js";
import type { Stage } from "../stage.js";
import type { Act } from "../staged.js";
import { pause, until } from "../until.js";

/** Where the channel of a place is. */
export const addressOf = ({ channel }: AmqpPlace): string =>
  ({ plain: "work", sessions: "orders", sales: "sales", storage: "", alerts: "" })[channel];

/**
 * The connections on which somebody sends to the channel, or reads it: of Event Hubs also those of its partitions. Known
 * from the links that are recorded.
 */
export function connectionsOf(place: AmqpPlace, role: "sender" | "receiver"): ReadonlySet<string> {
  const address = addressOf(place);
  const attached = place.emulator
    .recorded({ type: "attached" })
    .filter((event) => "role" in event && event.role === role && isOf(event.address, address));
  return new Set(attached.map(({ connection }) => connection));
}

const isOf = (address: string, channel: string): boolean =>
  address === channel || (address.startsWith(`${channel}/`) && !address.endsWith("$management"));

export interface FrameFaultPlan {
  readonly select: Pick<FrameSelector, "kind" | "direction">;
  /** Whose connections. Default: everybody's. */
  readonly of?: "sender" | "receiver";
  /** Default: whatever the frames are about. */
  readonly address?: (place: AmqpPlace) => string;
  readonly deed: FrameDeed;
  /** How often it strikes before it is removed, or before somebody listens whether the worker says so. Default 1. */
  readonly times?: number;
  /** Milliseconds that it stays after that. Default 0. */
  readonly staysMs?: number;
  /** Whether it stays until the worker says that it gets nothing (I11). Default false. */
  readonly untilHeard?: boolean;
  /** What makes it strike. */
  readonly provoke?: (stage: Stage, place: AmqpPlace) => void | Promise<void>;
  /** Whether connections are cut when it is over: what was lost on them is not asked for again. Default false. */
  readonly cutAfter?: boolean;
}

/** Does something to frames, at most `times` of them, until it has struck so often; then work must go on. */
export const toFrames =
  (plan: FrameFaultPlan): Act<AmqpPlace> =>
  async (stage, place) => {
    const { times = 1, staysMs = 0, of, untilHeard = false } = plan;
    const { faults } = place.emulator;
    const mine = (id: string): boolean => of === undefined || connectionsOf(place, of).has(id);
    let struck = 0;
    const fault = faults.frames(
      {
        ...plan.select,
        ...(plan.address === undefined ? {} : { address: plan.address(place) }),
        connection: ({ id }) => (untilHeard || struck < times) && mine(id),
      },
      plan.deed,
    );
    await plan.provoke?.(stage, place);
    await until("the fault to strike", () => {
      struck = fault.hits;
      return struck >= times;
    });
    if (untilHeard) await stage.heard();
    await pause(staysMs);
    fault.remove();
    if (plan.cutAfter === true) faults.cut();
    await stage.progress();
    return fault.hits;
  };
