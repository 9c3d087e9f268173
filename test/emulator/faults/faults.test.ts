import { describe, expect, it, vi } from "vitest";
import { endAfterEach, patient, queues, quick, serviceBusClient, started } from "../start/clients.js";

endAfterEach();

/** An emulator with the queues `q` and `other`, and Microsoft's client. */
async function stage(options = quick) {
  const emulator = await started({ configs: [queues("q", "other")] });
  const client = serviceBusClient(emulator, options);
  return { emulator, client, sender: client.createSender("q"), other: client.createSender("other") };
}

const impatient = { retryOptions: { ...quick.retryOptions, timeoutInMs: 1_000 } };

describe("a fault of frames", () => {
  it("strikes the n-th frame of its kind, direction and address, and no other", async () => {
    const { emulator, sender, other } = await stage(impatient);
    await sender.sendMessages({ body: "0" });
    const fault = emulator.faults.frames({ kind: "transfer", direction: "in", address: "q", nth: 2 }, "drop");
    await other.sendMessages({ body: "x" });
    await sender.sendMessages({ body: "1" });
    await expect(sender.sendMessages({ body: "lost" })).rejects.toMatchObject({ code: "ServiceTimeout" });
    expect(fault.hits).toBe(1);
    const { broker } = emulator.namespace();
    expect([broker.getQueue("q").counts.active, broker.getQueue("other").counts.active]).toEqual([2, 1]);
  });

  it("loses the answer of a send that was stored: the ambiguity that idempotency is for", async () => {
    const { emulator, sender } = await stage(impatient);
    await sender.sendMessages({ body: "first" });
    emulator.faults.frames({ kind: "disposition", direction: "out", address: "q", nth: 1 }, "drop");
    await expect(sender.sendMessages({ body: "stored" })).rejects.toMatchObject({ code: "ServiceTimeout" });
    expect(emulator.namespace().broker.getQueue("q").counts.active).toBe(2);
  });

  it("holds frames back for a while", async () => {
    const { emulator, sender } = await stage();
    await sender.sendMessages({ body: 1 });
    const fault = emulator.faults.frames(
      { kind: "transfer", direction: "in", address: "q" },
      { delay: "20ms" },
    );
    await sender.sendMessages({ body: 2 });
    expect(fault.hits).toBe(1);
    fault.remove();
    await sender.sendMessages({ body: 3 });
    expect(fault.hits).toBe(1);
    expect(() => emulator.faults.frames({}, { delay: "a while" })).toThrow(/no duration/);
  });

  it.each(["duplicate", "corrupt"] as const)("survives a %s, and so does the client", async (deed) => {
    const { emulator, client } = await stage(patient);
    const sender = client.createSender("q");
    await sender.sendMessages({ body: 1 });
    emulator.faults.frames({ kind: "transfer", direction: "in", address: "q", nth: 1 }, deed);
    await sender.sendMessages({ body: 2 }).catch(() => undefined);
    emulator.faults.clear();
    await serviceBusClient(emulator).createSender("q").sendMessages({ body: 3 });
    expect(emulator.namespace().broker.getQueue("q").counts.active).toBeGreaterThanOrEqual(2);
  });
});

describe("a frame that is replaced", () => {
  it("reaches the other side as it was made", async () => {
    const { emulator, client, sender } = await stage();
    await sender.sendMessages({ body: "aaaa" });
    const fault = emulator.faults.frames(
      { kind: "transfer", direction: "out", address: "q" },
      {
        replace: (bytes: Uint8Array) =>
          Buffer.from(Buffer.from(bytes).toString("latin1").replace("aaaa", "bbbb"), "latin1"),
      },
    );
    const [message] = await client.createReceiver("q").receiveMessages(1);
    expect([message?.body, fault.hits]).toEqual(["bbbb", 1]);
  });
});

describe("a fault of links", () => {
  it("ends those of an address with a condition; clients attach again", async () => {
    const { emulator, sender, other } = await stage({
      retryOptions: { ...patient.retryOptions, timeoutInMs: 1_000 },
    });
    await sender.sendMessages({ body: 1 });
    await other.sendMessages({ body: 1 });
    const error = { condition: "amqp:link:detach-forced", description: "maintenance" };
    expect(emulator.faults.detach({ address: "Q" }, error)).toBe(1);
    await sender.sendMessages({ body: 2 });
    expect(emulator.recorded({ type: "detached", address: "q" })).toEqual([
      expect.objectContaining({ by: "emulator", condition: "amqp:link:detach-forced" }),
    ]);
    expect(emulator.recorded({ type: "attached", address: "q" })).toHaveLength(2);
    expect(emulator.recorded({ type: "attached", address: "other" })).toHaveLength(1);
  });

  it("refuses them until it is removed", async () => {
    const { emulator, client } = await stage();
    const fault = emulator.faults.refuse(
      { address: "q", role: "sender" },
      { condition: "com.microsoft:server-busy" },
    );
    await expect(client.createSender("q").sendMessages({ body: 1 })).rejects.toMatchObject({
      code: "ServiceBusy",
    });
    expect(fault.hits).toBe(1);
    fault.remove();
    await client.createSender("q").sendMessages({ body: 1 });
  });

  it("gives no credit until it is removed, and then what was withheld", async () => {
    const { emulator, sender } = await stage();
    const fault = emulator.faults.withholdCredit({ address: "q" });
    const sending = sender.sendMessages({ body: 1 });
    await vi.waitFor(() => expect(fault.hits).toBe(1));
    expect(emulator.namespace().broker.getQueue("q").counts.active).toBe(0);
    fault.remove();
    await sending;
    expect(emulator.namespace().broker.getQueue("q").counts.active).toBe(1);
  });
});

describe("a fault of connections", () => {
  it("cuts them, and clients come back", async () => {
    const { emulator, client } = await stage(patient);
    const arrived = new Promise((resolve) => {
      client.createReceiver("q").subscribe({
        processMessage: async ({ body }) => resolve(body),
        processError: async () => undefined,
      });
    });
    await vi.waitFor(() => expect(emulator.recorded({ type: "attached", address: "q" })).toHaveLength(1));
    expect(emulator.faults.cut()).toBe(1);
    const namespace = emulator.namespace();
    namespace.enter(() => namespace.broker.send("q", [{ body: Buffer.from('"after"') }]));
    // Was it handed to the connection that was cut? Then it is free again when that lock ends, as in Azure.
    await vi.waitFor(() => expect(emulator.recorded({ type: "attached", address: "q" })).toHaveLength(2));
    emulator.advance("1m");
    expect(await arrived).toBe("after");
    const types = emulator.recorded().map(({ type }) => type);
    expect(types.filter((type) => type === "connected" || type === "disconnected")).toEqual([
      "connected",
      "disconnected",
      "connected",
    ]);
  });

  it("closes them with a condition, and clients come back", async () => {
    const { emulator, sender } = await stage(patient);
    await sender.sendMessages({ body: 1 });
    const error = { condition: "amqp:connection:forced", description: "maintenance" };
    expect(emulator.faults.close(error)).toBe(1);
    await vi.waitFor(() => expect(emulator.recorded({ type: "disconnected" })).toHaveLength(1));
    await sender.sendMessages({ body: 2 });
    expect(emulator.namespace().broker.getQueue("q").counts.active).toBe(2);
  });

  it("falls silent to one, and others notice nothing", async () => {
    const { emulator, sender } = await stage(impatient);
    await sender.sendMessages({ body: 1 });
    const [struck] = emulator.recorded({ type: "connected" });
    const fault = emulator.faults.halfOpen(({ id }) => id === struck?.connection);
    await expect(sender.sendMessages({ body: 2 })).rejects.toMatchObject({ code: "ServiceTimeout" });
    await serviceBusClient(emulator).createSender("q").sendMessages({ body: 3 });
    expect(fault.hits).toBeGreaterThan(0);
    fault.remove();
    expect(emulator.namespace().broker.getQueue("q").counts.active).toBe(2);
  });
});

describe("the recorder", () => {
  it("tells what a client did, in order, and shows it in lines", async () => {
    const { emulator, client, sender } = await stage();
    await sender.sendMessages({ body: "a" });
    const receiver = client.createReceiver("q");
    const [message] = await receiver.receiveMessages(1);
    await receiver.deadLetterMessage(message!);
    await receiver.close();
    const events = emulator
      .recorded({ address: "q" })
      .map((event) =>
        "role" in event
          ? [event.role, event.type, event.outcome ?? event.by ?? ""].join(" ").trim()
          : event.type,
      );
    expect(events).toEqual([
      "sender attached",
      "sender sent",
      "sender answered accepted",
      "receiver attached",
      "receiver delivered",
      "receiver settled rejected",
      "receiver detached client",
    ]);
    const text = emulator.recorder.text({ address: "q" });
    expect(text.split("\n")).toHaveLength(events.length);
    expect(text).toMatch(/sender sent "q" \d+ bytes/);
  });

  it("keeps the latest events only", async () => {
    const emulator = await started({ configs: [queues("q")], recordedEvents: 5 });
    const sender = serviceBusClient(emulator).createSender("q");
    for (let round = 0; round < 20; round += 1) await sender.sendMessages({ body: round });
    const kept = emulator.recorded();
    expect(kept).toHaveLength(5);
    expect(kept.at(-1)?.number).toBe(emulator.recorder.count);
    expect(emulator.recorder.count).toBeGreaterThan(40);
  });

  it("is not there when it is not wanted, nor are faults", async () => {
    const emulator = await started({ configs: [queues("q")], observe: false });
    await serviceBusClient(emulator).createSender("q").sendMessages({ body: 1 });
    expect(emulator.recorded()).toEqual([]);
    expect(() => emulator.faults.clear()).toThrow(/start it without observe: false/);
    await emulator.reset();
  });
});
