/** The body of a request, or nothing if it has more bytes than that: then no more is read. */
export async function readBody(
  { headers, body }: Request,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  if (Number(headers.get("content-length") ?? 0) > maxBytes) return undefined;
  if (body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks);
    bytes += value.byteLength;
    if (bytes > maxBytes) {
      await reader.cancel();
      return undefined;
    }
    chunks.push(value);
  }
}
