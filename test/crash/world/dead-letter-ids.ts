import { realRuntime } from "waybill/store";
import type { Source, Transport } from "waybill/transport";

/** Ids of all dead letters of a source. */
export async function deadLetterIds(transport: Transport, source: Source): Promise<readonly string[]> {
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
    return found.map(({ envelope }) => envelope.id);
  } finally {
    await connection.close();
  }
}
