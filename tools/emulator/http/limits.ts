/** Bounds on what one HTTP client can make the emulator hold. */
export interface HttpLimits {
  /** Connections at a time; further ones are closed at once. Default 1,000. */
  readonly maxConnections: number;
  /** Header lines of a request. Default 100; beyond it 431. */
  readonly maxHeaders: number;
  /** Request line and headers together. Default 16 KiB; beyond it 431. */
  readonly maxHeaderBytes: number;
  /** Body of an administration request. Default 128 KiB; beyond it 413. */
  readonly maxAdministrationBytes: number;
  /** Body of any other request. Default 1 MiB and 64 KiB, so that Event Grid's own limit answers first. */
  readonly maxBodyBytes: number;
  /** Time for the first byte, and then for the headers, of a connection. Default 10,000 ms. */
  readonly headersTimeoutMs: number;
  /** Time for a whole request to arrive. Default 30,000 ms; then 408. */
  readonly requestTimeoutMs: number;
}

export const defaultHttpLimits: HttpLimits = {
  maxConnections: 1_000,
  maxHeaders: 100,
  maxHeaderBytes: 16 * 1_024,
  maxAdministrationBytes: 128 * 1_024,
  maxBodyBytes: 1_024 * 1_024 + 64 * 1_024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
};
