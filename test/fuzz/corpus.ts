import { readFileSync } from "node:fs";

/** The inputs of one file of `corpus/`: one to a line. A line that once broke a parser stays for ever. */
export function corpus(name: string): readonly string[] {
  return readFileSync(new URL(`./corpus/${name}.txt`, import.meta.url), "utf8")
    .split("\n")
    .filter((line) => line !== "");
}
