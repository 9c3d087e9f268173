import { realRuntime } from "waybill/store";
import type { DeadLetterDelivery, Source, Transport } from "waybill/transport";

/** Ids of all dead letters of a source. */
export async function deadLetterIds(transport: Transport, source: Source): Promise<readonly string[]> {
  return (await lettersOf(transport, source)).map(({ envelope }) => envelope.id);
}

/** All dead letters of a source: as many as its transport shows. */
export async function lettersOf(
  transport: Transport,
  source: Source,
): Promise<readonly DeadLetterDelivery[]> {
  const connection = await transport.connect({
    service: "coroner",
    runtime: realRuntime(),
    destinations: [],
    sources: [source],
  });
  try {
    const letters = connection.deadLetters(source);
    const found = await letters.peek(10_000);
    await letters.close();
    return found;
  } finally {
    await connection.close();
  }
}
