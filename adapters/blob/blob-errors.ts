import type { ContainerClient } from "@azure/storage-blob";

/**
 * The service's code of what `@azure/storage-blob` throws. An answer without a body, as to a look at properties, has it in
 * a header alone, which the client keeps among the details.
 */
function codeOf(error: unknown): unknown {
  const { code, details } = partsOf(error);
  return code ?? partsOf(details).errorCode;
}

interface Parts {
  readonly code?: unknown;
  readonly details?: unknown;
  readonly errorCode?: unknown;
}

const partsOf = (value: unknown): Parts => (typeof value === "object" && value !== null ? value : {});

const oneOf =
  (codes: readonly string[]) =>
  (error: unknown): boolean =>
    codes.some((code) => code === codeOf(error));

/** There is no such blob. A container that is missing is another matter: everything in it would be taken for gone. */
export const missing = oneOf(["BlobNotFound"]);

/** What a write that must not replace anything is refused with, where a blob is, leased or not. */
export const exists = oneOf(["BlobAlreadyExists", "ConditionNotMet", "LeaseIdMissing"]);

/**
 * A condition of the request does not hold: another etag, a blob that exists, a lease of somebody else. Other conflicts, such as
 * a container that is being deleted, say nothing about the blob.
 *
 * Source: "Blob service error codes".
 */
export const conflicted = oneOf([
  "BlobAlreadyExists",
  "ConditionNotMet",
  "LeaseAlreadyPresent",
  "LeaseIdMismatchWithBlobOperation",
  "LeaseIdMismatchWithLeaseOperation",
  "LeaseIdMissing",
  "LeaseIsBreakingAndCannotBeAcquired",
  "LeaseLost",
  "LeaseNotPresentWithBlobOperation",
  "LeaseNotPresentWithLeaseOperation",
]);

/**
 * What an operation in a container answers.
 * @throws {Error} for a container that is not there, with what to do; otherwise what the client threw
 */
export async function inContainer<T>(
  { containerName }: ContainerClient,
  operation: () => Promise<T>,
): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    if (codeOf(error) !== "ContainerNotFound") throw error;
    throw new Error(`blob container "${containerName}" does not exist: create it, or correct its name`, {
      cause: error,
    });
  }
}
