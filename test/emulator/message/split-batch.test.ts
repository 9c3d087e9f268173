import { describe, expect, it } from "vitest";
import { MalformedMessage } from "../../../tools/emulator/amqp/message/malformed-message.js";
import { splitBatch } from "../../../tools/emulator/amqp/message/split-batch.js";
import { encodeBatchByRhea, encodeByRhea } from "./rhea-message.js";

describe("splitting a batch", () => {
  it("gives the members byte for byte, in order", () => {
    const members = ["a", "b", "c"].map((body) => encodeByRhea({ message_id: body, body }));
    const batch = encodeBatchByRhea(members, { message_id: "a", message_annotations: { some: "thing" } });
    expect(splitBatch(batch)).toEqual(members);
  });

  it("finds nothing in an envelope without a body", () => {
    expect(splitBatch(Buffer.from([0x00, 0x53, 0x70, 0x45]))).toEqual([]);
  });

  it("refuses an envelope whose body is a value", () => {
    expect(() => splitBatch(encodeByRhea({ body: "value" }))).toThrow(MalformedMessage);
  });
});
