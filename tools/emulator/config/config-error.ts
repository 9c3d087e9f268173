/** Something in a configuration that cannot be meant. Its message is one line for the person who wrote it. */
export class ConfigError extends Error {
  /**
   * @param where A file, a path in it, or both.
   * @param what What is wrong, and what to write.
   */
  constructor(where: string, what: string) {
    super(`${where} ${what}`);
    this.name = "ConfigError";
  }
}
