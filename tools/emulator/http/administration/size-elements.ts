import { BrokerError } from "../../../../adapters/memory/broker/broker-error.js";
import type { TopicOptions } from "../../../../adapters/memory/broker/entity-options.js";
import type { Fields } from "./fields.js";

const mebibyte = 1_024 * 1_024;
/** 80 GiB, the most of any tier. */
const maxMegabytes = 81_920;

/** @throws {BrokerError} `com.microsoft:argument-out-of-range` for a size that no tier has */
export function readSize(fields: Fields): Pick<TopicOptions, "maxSizeBytes" | "maxMessageSizeBytes"> {
  const megabytes = fields.count("MaxSizeInMegabytes");
  const kilobytes = fields.count("MaxMessageSizeInKilobytes");
  if (megabytes !== undefined && (megabytes < 1 || megabytes > maxMegabytes)) {
    throw new BrokerError(
      "com.microsoft:argument-out-of-range",
      `MaxSizeInMegabytes is ${String(megabytes)}; it must be from 1 to ${String(maxMegabytes)}.`,
    );
  }
  return {
    ...(megabytes === undefined ? {} : { maxSizeBytes: megabytes * mebibyte }),
    ...(kilobytes === undefined ? {} : { maxMessageSizeBytes: kilobytes * 1_024 }),
  };
}

export const writeSize = (
  options: Required<Pick<TopicOptions, "maxSizeBytes" | "maxMessageSizeBytes">>,
): { readonly MaxSizeInMegabytes: string; readonly MaxMessageSizeInKilobytes: string } => ({
  MaxSizeInMegabytes: String(Math.ceil(options.maxSizeBytes / mebibyte)),
  MaxMessageSizeInKilobytes: String(Math.floor(options.maxMessageSizeBytes / 1_024)),
});
