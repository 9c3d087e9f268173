import { expect, it, vi } from "vitest";
import { plain } from "../faults/contracts.js";
import { connectTo, startBus } from "./bus.js";

const envelope = (id: string) => ({
  ...{ id, source: "shop", type: "faults.job", version: 1, contentType: "application/json" },
  ...{ headers: {}, history: {}, extensions: {}, body: Buffer.from("{}") },
});

it("does not keep later sends waiting for a token whose request was lost with its connection", async () => {
  const emulator = await startBus();
  emulator.namespace().createQueue("work");
  const destination = { channel: plain["~channel"], address: "work" };
  const connection = await connectTo(
    emulator,
    { destinations: [destination] },
    { operationTimeout: "500ms" },
  );
  const sender = connection.sender(destination);
  const lost = emulator.faults.frames({ kind: "transfer", direction: "out", address: "$cbs" }, "drop");
  const first = sender.send([{ envelope: envelope("first") }]);
  await vi.waitFor(() => expect(lost.hits).toBe(1));
  lost.remove();
  emulator.faults.cut();
  expect(await first).toMatchObject([{ ok: false, error: { class: "ambiguous" } }]);
  // The client itself would wait for a minute for that token, and all that is sent meanwhile with it.
  expect(await sender.send([{ envelope: envelope("second") }])).toEqual([{ ok: true }]);
});
