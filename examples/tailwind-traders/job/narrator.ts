/** Where text goes. */
export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Tells how the day goes. */
export interface Narrator {
  /** Something worth a line. */
  say(line: string): void;
  /** How far things are: shown on a terminal, where it can be overwritten, and nowhere else. */
  status(line: string): void;
  /** Leaves the terminal with an empty line, ready for other output. */
  rest(): void;
}

/** A terminal that is written to more often only flickers. */
const redrawMs = 80;

/** Back to the begin of the line, and away with what is on it. */
const clear = "\r\u001b[K";

export function openNarrator(output: Output): Narrator {
  const live = output.isTTY === true;
  const overwrite = live ? clear : "";
  let drawnAtMs = -Infinity;
  return {
    say: (line) => void output.write(`${overwrite}${line}\n`),
    status: (line) => {
      if (!live || performance.now() - drawnAtMs < redrawMs) return;
      drawnAtMs = performance.now();
      output.write(`${overwrite}${line}`);
    },
    rest: () => void output.write(overwrite),
  };
}
