import { expect, it, vi } from "vitest";
import type { Delivery } from "../../../adapters/memory/broker/delivery.js";
import type { Visit } from "../../../tools/emulator/amqp/door.js";
import type { LinkRequest, SenderLink } from "../../../tools/emulator/amqp/engine/engine.js";
import { OutgoingLink } from "../../../tools/emulator/amqp/service-bus/outgoing-link.js";
import { EmulatorClock } from "../../../tools/emulator/clock.js";
import { Namespace } from "../../../tools/emulator/namespace.js";

it("leaves a message locked that the broker gives to a connection of whose end it has not heard", () => {
  const clock = new EmulatorClock();
  const namespace = new Namespace("default", {
    clock,
    deliver: () => undefined,
    validationUrl: () => "http://127.0.0.1/",
  });
  const { broker } = namespace;
  broker.createQueue("q");
  const visit: Partial<Visit> = { namespace, clock, rightsOn: () => undefined };
  const request: Partial<LinkRequest> = { senderSettleMode: 0 };
  const outgoing = new OutgoingLink(visit as Visit, "q", request as LinkRequest);
  const receiver = broker.attachReceiver("q", outgoing.options);
  const send = vi.fn(() => {
    throw new Error("There is no credit on the link.");
  });
  const link = { credit: 1, send };
  outgoing.serve(receiver, link as unknown as SenderLink);
  outgoing.flow(link as unknown as SenderLink, false);

  link.credit = 0;
  broker.send("q", [{ messageId: "m", body: Buffer.from("x") }]);
  expect(send).not.toHaveBeenCalled();
  outgoing.detached();

  const redelivered: Delivery[] = [];
  const next = broker.attachReceiver("q", { deliver: (delivery) => void redelivered.push(delivery) });
  namespace.enter(() => {
    next.flow(1);
  });
  expect(redelivered).toEqual([]);
  clock.advance(60_000);
  // As AMQP counts: deliveries before this one.
  expect(redelivered.map(({ message, deliveryCount }) => [message.messageId, deliveryCount])).toEqual([
    ["m", 1],
  ]);
});
