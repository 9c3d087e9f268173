/** What an application on the memory adapter imports. */
export { memory } from "../adapters/memory/index.js";
export { command, queue } from "../src/contracts/index.js";
export { run, service } from "../src/index.js";
