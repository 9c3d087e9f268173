import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AccountSASPermissions,
  AccountSASResourceTypes,
  AccountSASServices,
  generateAccountSASQueryParameters,
  QueueServiceClient,
  StorageSharedKeyCredential,
} from "@azure/storage-queue";
import { clientOptions, isStorageQueueMessage, storageQueue } from "../../adapters/storage-queue/index.js";
import { realRuntime } from "../../src/runtime/runtime.js";
import type { ConformanceAdapter, ConformanceWorld } from "../../src/testing/conformance/harness.js";
import { accountKey, accountName, startAzurite, type Azurite } from "../azurite.js";

/** How long a signature is good for: short, so that every behaviour that lasts needs a new one. */
const signatureMs = 15_000;

/** The Storage Queue adapter through Microsoft's client, on one Azurite for all, in real time. */
export const storageQueueAdapter: ConformanceAdapter = {
  name: "storage-queue",
  capabilities: storageQueue({
    client: () => {
      throw new Error("no client is needed to declare");
    },
  }).capabilities,
  extras: ["cancelSchedule", "durable", "credentials", "claimCheck"],
  // Each is three requests.
  many: 200,
  together: 8,
  plainEntities: true,
  open: async ({ stopsBroker }) => {
    const uniquePrefix = `w${(worlds += 1)}`;
    if (stopsBroker) {
      const durable = await startDurable();
      return { ...worldOn(durable.azurite, uniquePrefix), ...durable };
    }
    const azurite = await (shared ??= startAzurite("queue"));
    return worldOn(() => azurite, uniquePrefix);
  },
  close: async () => {
    const started = shared;
    shared = undefined;
    await (await started)?.close();
  },
};

let shared: Promise<Azurite> | undefined;
let worlds = 0;

function transportTo(azurite: Azurite, permissions: string) {
  return storageQueue({
    client: () => signedClient(azurite, permissions),
    minPoll: "20ms",
    maxPoll: "100ms",
  });
}

function worldOn(azurite: () => Azurite, uniquePrefix: string): ConformanceWorld {
  const owner = QueueServiceClient.fromConnectionString(azurite().connectionString);
  const transport = (permissions: string) => transportTo(azurite(), permissions);
  return {
    transport: () => transport("raup"),
    runtime: realRuntime(),
    uniquePrefix,
    prepare: async ({ destinations, sources }) => {
      const names = [
        ...destinations.map(({ address }) => address),
        ...sources.flatMap(({ address }) => [address, `${address}-poison`]),
      ];
      for (const name of new Set(names)) await owner.getQueueClient(name).createIfNotExists();
    },
    isNative: (_kind, native) => isStorageQueueMessage(native),
    sendForeign: async ({ address }, { id, body, contentType, subject, key, properties }) => {
      const event = {
        specversion: "1.0",
        id,
        source: "/foreign",
        type: subject ?? "foreign",
        ...(key === undefined ? {} : { subject: key }),
        ...(contentType === undefined ? {} : { datacontenttype: contentType }),
        ...properties,
        data_base64: Buffer.from(body).toString("base64"),
      };
      const text = Buffer.from(JSON.stringify(event)).toString("base64");
      await owner.getQueueClient(address).sendMessage(text);
    },
    credentials: {
      sendOnly: () => transport("a"),
      listenOnly: () => transport("rup"),
      expire: () => new Promise((resolve) => void realRuntime().after(signatureMs + 500, resolve)),
    },
  };
}

/** An Azurite that keeps what it stores, on a port that it comes back to. */
async function startDurable() {
  const folder = mkdtempSync(join(tmpdir(), "waybill-azurite-"));
  let azurite = await startAzurite("queue", { folder });
  const { port } = azurite;
  const restore = async (): Promise<void> => {
    azurite = await startAzurite("queue", { folder, port });
  };
  return {
    azurite: () => azurite,
    restart: async () => {
      await azurite.close();
      await restore();
    },
    faults: { outage: () => azurite.close(), restore },
    close: async () => {
      await azurite.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A client whose signature ends soon, as one does that is handed out to a service. */
function signedClient({ port }: Azurite, permissions: string): QueueServiceClient {
  const signature = generateAccountSASQueryParameters(
    {
      expiresOn: new Date(realRuntime().now() + signatureMs),
      permissions: AccountSASPermissions.parse(permissions),
      resourceTypes: AccountSASResourceTypes.parse("sco").toString(),
      services: AccountSASServices.parse("q").toString(),
    },
    new StorageSharedKeyCredential(accountName, accountKey),
  ).toString();
  return new QueueServiceClient(
    `http://127.0.0.1:${port}/${accountName}?${signature}`,
    undefined,
    clientOptions,
  );
}
