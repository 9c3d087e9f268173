import { memory } from "waybill/memory";
import { azureCarrier } from "./azure.js";
import { emulatorCarrier } from "./emulator.js";

/** What can carry the messages of the day. */
export const carriers = ["memory", "emulator", "azure"] as const;
export type CarrierName = (typeof carriers)[number];

/** What carries the messages of a day. */
export type Carrier = Awaited<ReturnType<typeof openCarrier>>;

/**
 * Opens what carries the messages: a broker in this process; Microsoft's clients and an emulator in a process of its own;
 * or Microsoft's clients and Azure, by the environment.
 * @throws {NoCarrier} if the emulator does not start, or the environment does not say where Azure is
 */
export async function openCarrier(name: CarrierName, environment: NodeJS.ProcessEnv) {
  switch (name) {
    case "memory":
      return { transport: memory(), close: async () => undefined };
    case "emulator":
      return emulatorCarrier();
    case "azure":
      return azureCarrier(environment);
  }
}
