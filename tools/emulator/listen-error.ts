/** Why a listener did not start, as a sentence that says what to change. */
export class ListenError extends Error {
  readonly code: string | undefined;

  /** @param option Of `startEmulator`; its flag on the command line is the same with a dash. */
  constructor(error: unknown, { host, port, option }: ListenPlace) {
    const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
    super(sentence(code, error, { host, port, option }), { cause: error });
    this.name = "ListenError";
    this.code = code;
  }
}

interface ListenPlace {
  readonly host: string;
  readonly port: number;
  readonly option: "port" | "httpPort";
}

function sentence(code: string | undefined, error: unknown, { host, port, option }: ListenPlace): string {
  const flag = option === "port" ? "--port" : "--http-port";
  const instead = `give another one (${flag}, or "${option}" in code), or 0 for a free one`;
  switch (code) {
    case "EADDRINUSE":
      return `port ${port} on ${host} is taken, perhaps by another emulator: end that, or ${instead}`;
    case "EACCES":
      return `port ${port} on ${host} is not allowed to this user: ${instead}`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `${host} is no address of this machine: give another one (--host, or "host" in code), such as 127.0.0.1`;
    default:
      return `cannot listen on ${host}:${port}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
