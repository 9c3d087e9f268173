import {
  ServiceBusClient,
  type ServiceBusMessage,
  type ServiceBusReceivedMessage,
  type ServiceBusReceiver,
} from "@azure/service-bus";
import { expect, onTestFinished } from "vitest";
import type { Broker } from "../../../adapters/memory/broker/broker.js";
import { rootRule, type AccessRule } from "../../../tools/emulator/security/access-rule.js";
import { quick, startFixture, type Fixture, type FixtureOptions } from "../fixture.js";

/** A namespace of its own for one test, and Microsoft's client of it. */
export interface Bus extends Fixture {
  readonly broker: Broker;
  readonly client: ServiceBusClient;
  /** One more client, on a connection of its own; by the root rule unless another is given. */
  connect(timeoutInMs?: number, rule?: AccessRule): ServiceBusClient;
  /** Sends to a queue or topic. */
  send(entity: string, ...messages: ServiceBusMessage[]): Promise<void>;
}

/** Everything ends with the test, which fails if a handler of the emulator threw. */
export async function startBus(options: FixtureOptions = {}): Promise<Bus> {
  const fixture = await startFixture(options);
  const clients: ServiceBusClient[] = [];
  onTestFinished(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await fixture.close();
    expect(fixture.faults).toEqual([]);
  });
  const connect = (timeoutInMs = quick.retryOptions.timeoutInMs, rule = rootRule): ServiceBusClient => {
    const retryOptions = { ...quick.retryOptions, timeoutInMs };
    const client = new ServiceBusClient(fixture.connectionString(rule), { retryOptions });
    clients.push(client);
    return client;
  };
  const client = connect();
  return {
    ...fixture,
    broker: fixture.namespace.broker,
    client,
    connect,
    async send(entity, ...messages) {
      const sender = client.createSender(entity);
      await sender.sendMessages(messages);
      await sender.close();
    },
  };
}

/** The next message, which must be there. */
export async function receiveOne(receiver: ServiceBusReceiver): Promise<ServiceBusReceivedMessage> {
  const [message] = await receiver.receiveMessages(1, { maxWaitTimeInMs: 5_000 });
  if (message === undefined) throw new Error("There is no message.");
  return message;
}

/** All that is there now: the client asks for more than there are and takes back the credit that is left. */
export const receiveRest = (receiver: ServiceBusReceiver): Promise<ServiceBusReceivedMessage[]> =>
  receiver.receiveMessages(50, { maxWaitTimeInMs: 50 });

export const bodiesOf = (messages: readonly ServiceBusReceivedMessage[]): unknown[] =>
  messages.map(({ body }) => body as unknown);

/** Options of a dead-letter settlement. */
export const deadBecause = (deadLetterReason: string) => ({
  deadLetterReason,
  deadLetterErrorDescription: "",
});
