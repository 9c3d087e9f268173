import type { Attachment } from "../contracts/attachment.js";
import { isWaybillError, WaybillError } from "../errors.js";
import type { Envelope } from "../message/envelope.js";
import { redact } from "../message/redact.js";
import { tellable } from "../message/tellable.js";
import { sha256 } from "../runtime/hash.js";
import type { Runtime } from "../runtime/runtime.js";
import { dayOf } from "../store/blob-name.js";
import type { OpenBlob } from "../store/blob-store.js";
import { downloadOf, type Download } from "./download.js";
import { Measured, type UploadContent } from "./measured.js";
import type { ClaimCheckSettings } from "./options.js";
import { answered, type Patience } from "./patience.js";
import { attachedReference, referenceOf, type DataFields, type Reference } from "./reference.js";
import { unlessStill } from "./standstill.js";
import { verified } from "./verified.js";

/** Options of `upload()`. */
export interface UploadOptions {
  /** The media type, such as `"video/mp4"`. */
  readonly contentType: string;
  /** Gives the upload up: nothing of it can be read. */
  readonly signal?: AbortSignal;
}

/** What a store may take for one answer, or for a piece of a blob. */
const answerMs = 60_000;
/** What a store may take to write one body, or to take the next piece of a file. */
const writeMs = 120_000;

/**
 * Takes what is too large for a message to a store, and brings it back verified.
 *
 * A body's name is the day until which it is needed and its digest: written again by a repeated send it is the same blob, and
 * two bodies never share a name. Nothing is deleted on success: a blob serves every redelivery, copy and redrive of its message, and
 * goes when its time is over.
 */
export class ClaimCheck {
  readonly settings: ClaimCheckSettings;
  readonly #runtime: Runtime;
  #sweptDay = "";

  constructor(settings: ClaimCheckSettings, runtime: Runtime) {
    this.settings = settings;
    this.#runtime = runtime;
  }

  /** Whether a body of that size goes to the store, where a transport takes messages of so many bytes. */
  takes(bytes: number, maxMessageBytes: number): boolean {
    const { overBytes = Math.floor(maxMessageBytes / 2) } = this.settings;
    return bytes > Math.min(overBytes, maxMessageBytes);
  }

  /**
   * Stores a body, and says what a message must say of it; resolves once it can be read.
   * @param fromMs when the message becomes receivable.
   * @throws {WaybillError} `tooLarge`, `storeFailed`
   */
  async deposit(body: Uint8Array, contentType: string, fromMs: number): Promise<DataFields> {
    const { maxBytes, store } = this.settings;
    if (body.byteLength > maxBytes) throw beyond(`a body has ${String(body.byteLength)} bytes`, maxBytes);
    const expiresAtMs = fromMs + this.settings.retentionMs;
    const digest = sha256(body);
    const name = `${dayOf(expiresAtMs)}/${digest}`;
    const patience = this.#patience(undefined, writeMs);
    await this.#asked(`writing blob ${name}`, undefined, () =>
      answered(patience, `writing blob ${name}`, () => store.put(name, body, { contentType, expiresAtMs })),
    );
    this.#sweep();
    return { dataRef: name, dataBytes: body.byteLength, dataSha256: digest };
  }

  /**
   * Fetches the data of a message that has it in the store: whole, and what the message says.
   * @throws {WaybillError} `undecodable`, `tooLarge`, `payloadMissing`, `payloadMismatch`, `storeFailed`; the signal's reason.
   */
  async collect(envelope: Envelope, signal?: AbortSignal): Promise<Uint8Array> {
    const reference = referenceOf(envelope);
    const { maxBytes } = this.settings;
    if (reference.bytes > maxBytes)
      throw beyond(`message ${envelope.id} has ${String(reference.bytes)} bytes`, maxBytes);
    const blob = await this.#open(reference, signal);
    // The blob's own size comes first: what a message claims is not allocated.
    const body = Buffer.allocUnsafeSlow(Math.min(blob.size, reference.bytes));
    let at = 0;
    for await (const piece of this.#read(blob, reference, signal)) {
      body.set(piece, at);
      at += piece.byteLength;
    }
    return body;
  }

  /**
   * Streams a file to the store: a few pieces are in memory at a time. It may take as long as it goes on; the time that the
   * content itself takes does not count.
   * @throws {WaybillError} `invalidMessage`, `storeFailed`; what the content throws; the signal's reason.
   */
  async upload(content: UploadContent, options: Partial<UploadOptions> = {}): Promise<Attachment> {
    const { signal } = options;
    const contentType = checkContentType(options.contentType);
    const { retentionMs, store } = this.settings;
    const expiresAtMs = this.#runtime.now() + retentionMs;
    // Its digest is known when it is written: the name has to be another one that nothing else has.
    const name = `${dayOf(expiresAtMs)}/${this.#runtime.uuid("attachment")}`;
    let measured: Measured | undefined;
    try {
      measured = await this.#asked(`writing blob ${name}`, signal, () =>
        unlessStill(this.#patience(signal, writeMs), `writing blob ${name}`, async (progress, ends) => {
          const taken = (measured = new Measured(content, progress, ends));
          await store.put(name, taken, { contentType, expiresAtMs, signal: ends });
          return taken;
        }),
      );
    } catch (error) {
      throw measured?.failure === undefined ? error : measured.failure.error;
    }
    this.#sweep();
    return Object.freeze({ ref: name, size: measured.size, sha256: measured.sha256(), contentType });
  }

  /**
   * Reads an attachment twice: once to verify it, then for who asked for it.
   * @throws {WaybillError} as {@link collect}; it may be of any size.
   */
  async download(attachment: Attachment, signal?: AbortSignal): Promise<Download> {
    const reference = attachedReference(attachment);
    const blob = await this.#open(reference, signal);
    for await (const _piece of this.#read(blob, reference, signal)) signal?.throwIfAborted();
    return downloadOf(this.#read(blob, reference, signal));
  }

  async #open(reference: Reference, signal: AbortSignal | undefined): Promise<OpenBlob> {
    const { store } = this.settings;
    const { name } = reference;
    const blob = await this.#asked(`opening blob ${name}`, signal, () =>
      answered(this.#patience(signal), `opening blob ${name}`, () => store.open(name, signal)),
    );
    if (blob !== undefined) return blob;
    throw new WaybillError(
      "payloadMissing",
      `blob ${name} is not in ${store.name}: put it back and redrive the message; if it had expired, raise claimCheck.retention of its sender`,
    );
  }

  async *#read(
    blob: OpenBlob,
    reference: Reference,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array, undefined> {
    try {
      yield* verified(blob, reference, this.#patience(signal));
    } catch (error) {
      throw this.#failure(`reading blob ${reference.name}`, signal, error);
    }
    return undefined;
  }

  async #asked<T>(doing: string, signal: AbortSignal | undefined, call: () => Promise<T>): Promise<T> {
    try {
      return await this.#runtime.port("store", this.settings.store.name, doing, call);
    } catch (error) {
      throw this.#failure(doing, signal, error);
    }
  }

  /** Once a day, beside the work: what cannot be removed today is tomorrow. */
  #sweep(): void {
    const { store } = this.settings;
    const nowMs = this.#runtime.now();
    if (store.sweep === undefined || this.#sweptDay === dayOf(nowMs)) return;
    this.#sweptDay = dayOf(nowMs);
    void this.#asked("sweeping", undefined, async () => store.sweep?.(nowMs)).catch(() => undefined);
  }

  #failure(doing: string, signal: AbortSignal | undefined, error: unknown): unknown {
    if (signal?.aborted === true) return signal.reason;
    if (isWaybillError(error) && error.code === "payloadMismatch") return error;
    const text = `${this.settings.store.name} failed: ${doing}: ${reasonOf(error, doing)}`;
    return tellable(new WaybillError("storeFailed", text, { cause: error }));
  }

  #patience(signal: AbortSignal | undefined, operationMs = answerMs): Patience {
    return { runtime: this.#runtime, operationMs, signal };
  }
}

/** What a store's error says in a few words, of which a client may have none. */
function reasonOf(error: unknown, doing: string): string {
  const { statusCode } =
    typeof error === "object" && error !== null ? (error as { statusCode?: unknown }) : {};
  const said = redact(error instanceof Error ? error.message : String(error), maxReasonLength);
  const text = said.startsWith(`${doing}: `) ? said.slice(doing.length + 2) : said;
  const status = typeof statusCode === "number" ? `status ${String(statusCode)}` : "";
  return [status, text].filter((part) => part !== "").join(", ") || "it does not say why";
}

const maxReasonLength = 500;

/** A header of requests to stores: no text of an application goes there unseen. */
function checkContentType(given: unknown): string {
  if (typeof given === "string" && /^[\w.+-]+\/[\w.+-]+(?:;[\x20-\x7e]*)?$/.test(given)) return given;
  throw new WaybillError(
    "invalidMessage",
    'an upload needs the content type of the file, such as { contentType: "video/mp4" }',
  );
}

const beyond = (what: string, maxBytes: number): WaybillError =>
  new WaybillError(
    "tooLarge",
    `${what}, claimCheck.maxBytes is ${String(maxBytes)}: raise it on both sides, or send the data as an attachment, with upload()`,
  );
