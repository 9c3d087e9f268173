/**
 * A file beside a message: plain data, which travels in the message as any other. `app.upload()` makes it, `ctx.download()`
 * gives the file.
 */
export interface Attachment {
  /** Names it in the store of the claim check: no address, and of no use elsewhere. */
  readonly ref: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of the file, in lower-case hexadecimal. */
  readonly sha256: string;
  readonly contentType: string;
}
