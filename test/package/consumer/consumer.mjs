import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { service } from "waybill";
import { command, queue } from "waybill/contracts";
import { fileBlobs } from "waybill/file-system";
import { testBus } from "waybill/testing";

const named = (value) => (typeof value?.name === "string" ? { value } : { issues: [{ message: "no name" }] });
const schema = { "~standard": { version: 1, vendor: "consumer", validate: named } };
const greetings = queue("greetings", { messages: { greet: command("smoke.greet", { version: 1, schema }) } });

const greeted = [];
const greeter = service("greeter").consume(greetings, {
  greet: async (msg) => {
    greeted.push(msg.data.name);
  },
});

const folder = await mkdtemp(join(tmpdir(), "consumer-"));
const bus = await testBus(greeter, { claimCheck: { store: fileBlobs(folder), overBytes: 0 } });
await bus.deliver(greetings.greet, { name: "Ada" });
await bus.settle();
await bus.stop();
const kept = await readdir(folder);
await rm(folder, { recursive: true });
if (kept.length !== 2) throw new Error(`a day and a place for drafts, but ${kept.join() || "nothing"}`);
if (greeted.join() !== "Ada") throw new Error(`greeted ${greeted.join() || "nobody"}`);
console.log(`greeted ${greeted.join()}`);
