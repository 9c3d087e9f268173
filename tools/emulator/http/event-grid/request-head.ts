import type { Context } from "hono";
import type { RequestHead } from "../../../../adapters/memory/broker/notifier/access-key.js";
import type { EmulatorClock } from "../../clock.js";

/** What a request says about itself. Signatures are made by the machine's clock, so they expire by it. */
export const headOf = ({ req }: Context, clock: EmulatorClock): Required<RequestHead> => ({
  url: req.url,
  headers: req.header(),
  nowMs: clock.toWire(clock.now()),
});
