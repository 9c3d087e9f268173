import { startAzurite, type Azurite } from "../azurite.js";

const running = new Map<"blob" | "queue", Promise<Azurite>>();

/** One Azurite of a kind for all rows of a run; it is started when the first one asks. */
export function sharedAzurite(service: "blob" | "queue"): Promise<Azurite> {
  const known = running.get(service);
  if (known !== undefined) return known;
  const started = startAzurite(service);
  running.set(service, started);
  return started;
}

/** Ends them. */
export async function closeAzurites(): Promise<void> {
  const all = [...running.values()];
  running.clear();
  await Promise.all(all.map(async (azurite) => (await azurite).close()));
}
