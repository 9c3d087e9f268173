import type { BlobItem, BlockBlobClient, ContainerClient } from "@azure/storage-blob";
import type {
  Checkpoint,
  CheckpointStore,
  GroupPlace,
  Ownership,
  OwnershipClaim,
} from "../../src/store/index.js";
import { conflicted, inContainer, missing } from "./blob-errors.js";

/**
 * Keeps checkpoints and ownerships in a blob container, in the layout of Microsoft's `@azure/eventhubs-checkpointstore-blob`
 * (and of its siblings in other languages), so that a consumer group can move to Waybill and back:
 *
 * `<namespace>/<hub>/<group>/checkpoint/<partition>` with the metadata `offset` and `sequencenumber`, and
 * `…/ownership/<partition>` with the metadata `ownerid`; all names in lower case, and the blobs empty.
 *
 * Unlike theirs a checkpoint never goes back, and a partition that nobody has owned can be claimed by one member only.
 */
export function blobCheckpoints(container: ContainerClient): CheckpointStore {
  const checkpoints = new CheckpointBlobs(container);
  return {
    name: `blob container "${container.containerName}"`,
    load: (place) =>
      list(container, place, "checkpoint", ({ offset, sequencenumber }, partition) =>
        offset === undefined || !isInteger(sequencenumber)
          ? undefined
          : { partition, offset, sequenceNumber: sequencenumber },
      ),
    save: (place, checkpoint) => inContainer(container, () => checkpoints.save(place, checkpoint)),
    forget: (place, partition) => checkpoints.forget(place, partition),
    owners: (place) =>
      list(container, place, "ownership", ({ ownerid = "" }, partition, { properties }) => ({
        partition,
        owner: ownerid,
        etag: properties.etag,
      })),
    claim: (place, claim) =>
      inContainer(container, () => claimBlob(blobOf(container, place, "ownership", claim.partition), claim)),
  };
}

/** The blobs of checkpoints. An etag that is remembered saves a look before each write: one process writes a partition. */
class CheckpointBlobs {
  readonly #container: ContainerClient;
  readonly #known = new Map<string, { readonly etag: string | undefined; readonly sequenceNumber: bigint }>();

  constructor(container: ContainerClient) {
    this.#container = container;
  }

  async save(place: GroupPlace, checkpoint: Checkpoint): Promise<void> {
    const blob = blobOf(this.#container, place, "checkpoint", checkpoint.partition);
    const sequenceNumber = BigInt(checkpoint.sequenceNumber);
    for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
      const known = this.#known.get(blob.name) ?? (await this.#look(blob));
      if (known.sequenceNumber >= sequenceNumber) return;
      const etag = await write(blob, metadataOf(checkpoint), known.etag);
      if (etag !== undefined) {
        this.#known.set(blob.name, { etag, sequenceNumber });
        return;
      }
      // Somebody else has written it meanwhile.
      this.#known.delete(blob.name);
    }
    throw new Error(`blob "${blob.name}" was changed by others in each of ${String(maxAttempts)} attempts`);
  }

  async forget(place: GroupPlace, partition: string): Promise<void> {
    const blob = blobOf(this.#container, place, "checkpoint", partition);
    this.#known.delete(blob.name);
    await blob.deleteIfExists();
  }

  async #look(
    blob: BlockBlobClient,
  ): Promise<{ readonly etag: string | undefined; readonly sequenceNumber: bigint }> {
    try {
      const { etag, metadata = {} } = await blob.getProperties();
      const { sequencenumber } = lowerCased(metadata);
      return { etag, sequenceNumber: isInteger(sequencenumber) ? BigInt(sequencenumber) : before };
    } catch (error) {
      if (missing(error)) return { etag: undefined, sequenceNumber: before };
      throw error;
    }
  }
}

/** A writer that loses more often than this is not alone. */
const maxAttempts = 5;

/** Before every event: an empty hub ends at -1. */
const before = -2n;

const metadataOf = ({ offset, sequenceNumber }: Checkpoint): Record<string, string> => ({
  sequencenumber: sequenceNumber,
  offset,
});

async function claimBlob(
  blob: BlockBlobClient,
  { partition, owner, etag: previous }: OwnershipClaim,
): Promise<Ownership | undefined> {
  const etag = await write(blob, { ownerid: owner }, previous);
  return etag === undefined ? undefined : { partition, owner, etag };
}

/** Writes over what has that etag, or where nothing is. The new etag, or nothing if it is otherwise. */
async function write(
  blob: BlockBlobClient,
  metadata: Record<string, string>,
  previous: string | undefined,
): Promise<string | undefined> {
  try {
    const { etag } =
      previous === undefined
        ? await blob.upload("", 0, { metadata, conditions: { ifNoneMatch: "*" } })
        : await blob.setMetadata(metadata, { conditions: { ifMatch: previous } });
    // As a list spells it: a header has it in quotation marks.
    return etag?.replaceAll('"', "");
  } catch (error) {
    if (conflicted(error) || missing(error)) return undefined;
    throw error;
  }
}

type Read<T> = (metadata: Record<string, string>, partition: string, blob: BlobItem) => T | undefined;

/** What the blobs of one kind say, by partition; those that are not understood are left out. */
const list = <T>(
  container: ContainerClient,
  place: GroupPlace,
  kind: Kind,
  read: Read<T>,
): Promise<readonly T[]> => inContainer(container, () => listed(container, place, kind, read));

async function listed<T>(
  container: ContainerClient,
  place: GroupPlace,
  kind: Kind,
  read: Read<T>,
): Promise<readonly T[]> {
  const prefix = prefixOf(place, kind);
  const found: T[] = [];
  for await (const blob of container.listBlobsFlat({ prefix, includeMetadata: true })) {
    const value = read(lowerCased(blob.metadata ?? {}), blob.name.slice(prefix.length), blob);
    if (value !== undefined) found.push(value);
  }
  return found;
}

type Kind = "checkpoint" | "ownership";

const prefixOf = ({ namespace, stream, group }: GroupPlace, kind: Kind): string =>
  `${[namespace, stream, group].map((part) => part.toLowerCase()).join("/")}/${kind}/`;

const blobOf = (
  container: ContainerClient,
  place: GroupPlace,
  kind: Kind,
  partition: string,
): BlockBlobClient => container.getBlockBlobClient(`${prefixOf(place, kind)}${partition}`);

/** Metadata keeps the letters in which another client has written a name, and names have no case. */
const lowerCased = (metadata: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name.toLowerCase(), value]));

const isInteger = (text: string | undefined): text is string => text !== undefined && /^-?\d+$/.test(text);
