import {
  WaybillError,
  within,
  type ConnectContext,
  type Deadline,
  type Destination,
} from "../../src/transport/index.js";
import { mapError } from "./map-error.js";
import type { EventHubsOptions } from "./transport.js";

/**
 * Looks at the hubs that a service needs, if the options say so.
 *
 * @throws {WaybillError} `notFound` for a hub that is missing, `alreadyExists` for one with another number of partitions
 * than its contract says.
 */
export async function checkTopology(
  { topology = "assume", producer, consumer }: EventHubsOptions,
  { destinations, sources }: ConnectContext,
  deadline: Deadline,
): Promise<void> {
  if (topology === "assume") return;
  const hubs = new Map<string, Look>();
  for (const source of sources) {
    if (source.kind !== "group") continue;
    hubs.set(source.address.toLowerCase(), {
      place: source,
      open: () => consumer(source.address, source.group),
    });
  }
  for (const place of destinations) {
    const open = (): Looker => producer(place.address);
    if (place.channel.kind === "stream") hubs.set(place.address.toLowerCase(), { place, open });
  }
  await Promise.all([...hubs.values()].map((look) => verify(look, deadline)));
}

interface Look {
  readonly place: Destination;
  readonly open: () => Looker;
}

/** What both clients of the SDK can do. */
interface Looker {
  getPartitionIds(): Promise<readonly string[]>;
  close(): Promise<void>;
}

async function verify({ place: { channel, address }, open }: Look, deadline: Deadline): Promise<void> {
  const doing = `cannot look at event hub "${address}"`;
  const { partitions } = channel.settings;
  const client = open();
  try {
    const ids = await within(deadline, doing, () => client.getPartitionIds());
    if (partitions === undefined || partitions === ids.length) return;
    throw new WaybillError(
      "alreadyExists",
      `event hub "${address}" has ${ids.length} partitions, and its contract says ${partitions}: change the one or the other`,
    );
  } catch (error) {
    throw mapError(error, doing);
  } finally {
    void within(deadline, doing, () => client.close()).catch(() => undefined);
  }
}
