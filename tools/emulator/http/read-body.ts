/**
 * The body of a request, or `undefined` if it is larger than `maxBytes`; then no more than that has been held.
 *
 * Hono's own `bodyLimit` makes a `Request` that only works when the adapter has replaced the global classes, which a
 * guest in somebody's test process must not do.
 */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array | undefined> {
  const body: ReadableStream<Uint8Array> | null = request.body;
  if (body === null) return new Uint8Array(0);
  if (Number(request.headers.get("content-length") ?? 0) > lingerBytes) return undefined;
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return bytes > maxBytes ? undefined : Buffer.concat(chunks);
    bytes += value.byteLength;
    if (bytes > lingerBytes) return undefined;
    if (bytes <= maxBytes) chunks.push(value);
    else chunks.length = 0;
  }
}

/**
 * How much of a body that is too large is read and forgotten. A client that is answered in the middle of its request often
 * sees a broken connection instead of the answer.
 */
const lingerBytes = 16 * 1_024 * 1_024;

/** The same as text. Bytes that are no UTF-8 become replacement characters. */
export async function readText(request: Request, maxBytes: number): Promise<string | undefined> {
  const body = await readBody(request, maxBytes);
  return body === undefined ? undefined : new TextDecoder().decode(body);
}
