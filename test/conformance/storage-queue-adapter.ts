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
import type { ConformanceAdapter } from "../../src/testing/conformance/harness.js";
import { accountKey, accountName, startAzurite, type Azurite } from "../azurite.js";

/** How long a signature is good for: short, so that every behaviour that lasts needs a new one. */
const signatureMs = 5_000;

/** Storage Queues by Microsoft's client on Azurite, in real time. */
export interface StorageQueueAdapter extends ConformanceAdapter {
  close(): Promise<void>;
}

export async function storageQueueAdapter(): Promise<StorageQueueAdapter> {
  const folder = mkdtempSync(join(tmpdir(), "waybill-azurite-"));
  let azurite = await startAzurite("queue", { folder });
  let worlds = 0;
  const { port } = azurite;
  const owner = QueueServiceClient.fromConnectionString(azurite.connectionString, clientOptions);
  const transport = (permissions: string) =>
    storageQueue({ client: () => signedClient(azurite, permissions), minPoll: "20ms", maxPoll: "100ms" });
  return {
    name: "storage-queue",
    capabilities: transport("raup").capabilities,
    many: 500,
    plainEntities: true,
    extras: ["cancelSchedule", "durable", "credentials"],
    open: () => ({
      transport: () => transport("raup"),
      runtime: realRuntime(),
      uniquePrefix: `w${(worlds += 1)}`,
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
      restart: async () => {
        await azurite.close();
        azurite = await startAzurite("queue", { folder, port });
      },
      faults: {
        outage: () => azurite.close(),
        restore: async () => {
          azurite = await startAzurite("queue", { folder, port });
        },
      },
      credentials: {
        sendOnly: () => transport("a"),
        listenOnly: () => transport("rup"),
        expire: () => new Promise((resolve) => void realRuntime().after(signatureMs + 500, resolve)),
      },
    }),
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
