import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import rhea from "rhea";

/** rhea alone: takes every message and accepts it; on `$cbs` it lets everybody in, as Microsoft's client asks it to. */
export async function startRheaServer(): Promise<{ readonly port: number; purge(): number }> {
  const container = rhea.create_container();
  const answers = new Map<string, rhea.Sender>();
  (container.sasl_server_mechanisms as { enable_anonymous(): void }).enable_anonymous();
  container.on("sender_open", ({ sender }: rhea.EventContext) => {
    sender?.set_source({ address: sender.source.address });
    // Microsoft's client wants its answers on the link of the name that its request gives.
    if (sender !== undefined) answers.set(sender.name, sender);
  });
  container.on("receiver_open", ({ receiver }: rhea.EventContext) => {
    receiver?.set_target({ address: receiver.target.address });
  });
  container.on("message", ({ message }: rhea.EventContext) => {
    if (message?.reply_to === undefined) return;
    answers.get(message.reply_to)?.send({
      correlation_id: message.message_id!,
      application_properties: { "status-code": 200, "status-description": "OK" },
      body: "",
    });
  });
  const server: Server = container.listen({
    port: 0,
    host: "127.0.0.1",
    receiver_options: { credit_window: 1_000 },
  });
  if (!server.listening) await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, purge: () => 0 };
}
