import { WaybillError } from "../../errors.js";
import type { Conduit, ConduitOptions } from "./conduit.js";
import { accepted, type Kit, type Line } from "./kit.js";
import type { Reader } from "./reader.js";

/** A channel with messages 1 to `count` on it, and a reader of it. */
export async function stocked(
  kit: Kit,
  count: number,
  options: ConduitOptions = {},
): Promise<{ readonly conduit: Conduit; readonly line: Line; readonly reader: Reader }> {
  const conduit = kit.conduit(options);
  const line = await kit.connect([conduit], [conduit]);
  if (count > 0) accepted(await line.send(conduit, ...kit.envelopes(count)));
  return { conduit, line, reader: line.reader(conduit) };
}

/** How long a delivery is locked from now on; 0 where nothing is. */
export function lockOf(kit: Kit, delivery: { readonly lockedUntilMs: number | undefined }): number {
  return delivery.lockedUntilMs === undefined ? 0 : delivery.lockedUntilMs - kit.time.runtime.now();
}

/** A lost lock, as a transport tells it. */
export const lockLost = (): WaybillError => new WaybillError("lockLost", "the lock of the message is lost");

/** A failure that the way to the broker may have at any time. */
export const transient = (): WaybillError =>
  new WaybillError("transportFailed", "the way to the broker broke");
