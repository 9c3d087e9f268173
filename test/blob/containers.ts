import { BlobServiceClient, type ContainerClient } from "@azure/storage-blob";
import { startAzurite, type Azurite } from "../azurite.js";

/** Blob containers on Azurite, each for one test. */
export class Containers {
  readonly #azurite: Azurite;
  readonly #service: BlobServiceClient;
  #made = 0;

  private constructor(azurite: Azurite) {
    this.#azurite = azurite;
    this.#service = BlobServiceClient.fromConnectionString(azurite.connectionString);
  }

  static async start(): Promise<Containers> {
    return new Containers(await startAzurite());
  }

  /** Of that name, whether it is there or not. */
  named(name: string): ContainerClient {
    return this.#service.getContainerClient(name);
  }

  async next(): Promise<ContainerClient> {
    this.#made += 1;
    const container = this.named(`test-${String(this.#made)}`);
    await container.create();
    return container;
  }

  close(): Promise<void> {
    return this.#azurite.close();
  }
}
