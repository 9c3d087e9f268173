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

  async next(): Promise<ContainerClient> {
    this.#made += 1;
    const container = this.#service.getContainerClient(`test-${String(this.#made)}`);
    await container.create();
    return container;
  }

  close(): Promise<void> {
    return this.#azurite.close();
  }
}
