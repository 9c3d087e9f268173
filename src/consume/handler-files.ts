import type { Download } from "../claim-check/download.js";
import type { UploadContent } from "../claim-check/measured.js";
import type { Attachment } from "../contracts/attachment.js";
import { WaybillError } from "../errors.js";
import type { Consumer } from "./environment.js";

/** The files of one handler run: what it reads ends with it. */
export class HandlerFiles {
  readonly #consumer: Consumer;
  readonly #signal: () => AbortSignal;
  readonly #open: Download[] = [];
  #ended = false;

  constructor(consumer: Consumer, signal: () => AbortSignal) {
    this.#consumer = consumer;
    this.#signal = signal;
  }

  async upload(content: UploadContent, options: { readonly contentType: string }): Promise<Attachment> {
    return this.#claimCheck("upload").upload(content, { ...options, signal: this.#signal() });
  }

  async download(attachment: Attachment): Promise<ReadableStream<Uint8Array>> {
    const download = await this.#claimCheck("download").download(attachment, this.#signal());
    if (this.#ended) download.end(ended());
    this.#open.push(download);
    return download.stream;
  }

  /** The handler has ended: nobody reads on, and nothing stays open. */
  end(): void {
    this.#ended = true;
    for (const download of this.#open) download.end(ended());
  }

  #claimCheck(method: string): NonNullable<Consumer["claimCheck"]> {
    if (this.#ended) throw ended();
    const { claimCheck, service } = this.#consumer;
    if (claimCheck !== undefined) return claimCheck;
    throw new WaybillError(
      "missingDependency",
      `service "${service}" calls ctx.${method}(), but run() got no store: give it claimCheck`,
      { class: "config" },
    );
  }
}

const ended = (): WaybillError =>
  new WaybillError("contextEnded", "the handler has ended: await what it does with files before it returns");
