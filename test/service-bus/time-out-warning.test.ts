import { ServiceBusClient } from "@azure/service-bus";
import { describe, expect, it } from "vitest";
import { clientOptions } from "../../adapters/service-bus/client-options.js";
import { timeOutWarning } from "../../adapters/service-bus/time-out-warning.js";

const connectionString = "Endpoint=sb://localhost;SharedAccessKeyName=a;SharedAccessKey=b";

describe("a client of the SDK", () => {
  it("that gives an operation less time than clientOptions is warned of", async () => {
    const retryOptions = { ...clientOptions.retryOptions, timeoutInMs: 500 };
    const client = new ServiceBusClient(connectionString, { retryOptions });
    expect(timeOutWarning(client)).toMatch(/gives an operation 500 ms: with less than 10000 ms/);
    await client.close();
  });

  it.each([
    ["clientOptions", clientOptions],
    ["the SDK's own options", {}],
  ])("that has %s is not", async (_, options) => {
    const client = new ServiceBusClient(connectionString, options);
    expect(timeOutWarning(client)).toBeUndefined();
    await client.close();
  });

  it.each([undefined, {}, { _clientOptions: null }])("that cannot be told is not: %o", (client) => {
    expect(timeOutWarning(client)).toBeUndefined();
  });
});
