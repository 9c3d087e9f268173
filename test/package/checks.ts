/** Runs checks one after the other, prints a line for each, and counts. */
export interface Checks {
  /** A check passes when its body ends, and fails when it throws. A string that it returns is printed beside its name. */
  check(
    name: string,
    body: () => string | undefined | void | Promise<string | undefined | void>,
  ): Promise<void>;
  passed(): number;
  failed(): number;
}

export function createChecks(): Checks {
  let passed = 0;
  let failed = 0;
  return {
    passed: () => passed,
    failed: () => failed,
    async check(name, body) {
      try {
        const detail = await body();
        passed++;
        console.log(detail === undefined ? `✓ ${name}` : `✓ ${name}: ${detail}`);
      } catch (error) {
        failed++;
        console.log(`✗ ${name}\n${indented(error)}`);
      }
    },
  };
}

function indented(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/^/gm, "    ");
}
