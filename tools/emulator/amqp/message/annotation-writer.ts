import type { ByteWriter } from "./byte-writer.js";

/** The name of an annotation, encoded once. */
export const annotationName = (name: string): Buffer =>
  Buffer.concat([Buffer.from([0xa3, name.length]), Buffer.from(name, "latin1")]);

/** Writes a section of annotations entry by entry, in the types that the services use. */
export class AnnotationWriter {
  readonly #writer: ByteWriter;
  #map = 0;
  #count = 0;

  constructor(writer: ByteWriter) {
    this.#writer = writer;
  }

  begin(section: 0x71 | 0x72): void {
    this.#writer.section(section);
    this.#map = this.#writer.begin(0xd1);
    this.#count = 0;
  }

  end(): void {
    this.#writer.end(this.#map, this.#count);
  }

  long(name: Buffer, value: number): void {
    this.#name(name);
    this.#writer.long(value);
  }

  int(name: Buffer, value: number): void {
    this.#name(name);
    this.#writer.int(value);
  }

  timestamp(name: Buffer, ms: number): void {
    this.#name(name);
    this.#writer.timestamp(ms);
  }

  string(name: Buffer, text: string): void {
    this.#name(name);
    this.#writer.string(text);
  }

  /** An entry that is encoded already, key and value. */
  entry(bytes: Buffer, start: number, end: number): void {
    this.#count += 2;
    this.#writer.raw(bytes, start, end);
  }

  #name(name: Buffer): void {
    this.#count += 2;
    this.#writer.raw(name);
  }
}
