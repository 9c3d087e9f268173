import { ServiceBusClient } from "@azure/service-bus";
import { clientOptions, serviceBus } from "waybill/service-bus";
import type { TransportOfChild } from "../transport-of-child.js";

export const serviceBusOfChild: TransportOfChild = ({ connectionString }) =>
  serviceBus({ client: () => new ServiceBusClient(connectionString, clientOptions) });
