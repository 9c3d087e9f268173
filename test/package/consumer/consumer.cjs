const { service } = require("waybill");
const { command, queue } = require("waybill/contracts");
const { testBus } = require("waybill/testing");

const named = (value) => (typeof value?.name === "string" ? { value } : { issues: [{ message: "no name" }] });
const schema = { "~standard": { version: 1, vendor: "consumer", validate: named } };
const greetings = queue("greetings", { messages: { greet: command("smoke.greet", { version: 1, schema }) } });

async function main(greeted = []) {
  const greeter = service("greeter").consume(greetings, {
    greet: async (msg) => {
      greeted.push(msg.data.name);
    },
  });
  const bus = await testBus(greeter);
  await bus.deliver(greetings.greet, { name: "Ada" });
  await bus.settle();
  await bus.stop();
  if (greeted.join() !== "Ada") throw new Error(`greeted ${greeted.join() || "nobody"}`);
  console.log(`greeted ${greeted.join()}`);
}
main();
