/** What `@azure/storage-blob` throws, as far as it is looked at. */
function statusOf(error: unknown): number | undefined {
  return typeof error === "object" && error !== null && "statusCode" in error
    ? Number(error.statusCode)
    : undefined;
}

/** There is no such blob. */
export const missing = (error: unknown): boolean => statusOf(error) === 404;

/** A condition of the request does not hold: another etag, a blob that exists, a lease of somebody else. */
export const conflicted = (error: unknown): boolean => [409, 412].includes(statusOf(error) ?? 0);
