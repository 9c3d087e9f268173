import type { ServiceBusReceivedMessage } from "@azure/service-bus";

/** The SDK's 64-bit integers. Their package is the SDK's dependency, which an application cannot always import. */
export type Long = NonNullable<ServiceBusReceivedMessage["sequenceNumber"]>;

/** A sequence number as the SDK takes it: of its `Long` it uses the mark and the bytes. */
export function toLong(sequenceNumber: string): Long {
  const value = BigInt(sequenceNumber);
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt.asIntN(64, value));
  return {
    __isLong__: true,
    toBytesBE: () => [...bytes],
    toString: () => sequenceNumber,
  } as unknown as Long;
}

/** As decimal digits. The SDK's own way divides 64-bit numbers; nearly all are far below 2⁵³. */
export function numberText(long: Long): string {
  const { high, low } = long as { readonly high?: number; readonly low?: number };
  if (high === undefined || low === undefined || high < 0 || high >= 2 ** 21) return long.toString();
  return String(high * 2 ** 32 + (low >>> 0));
}
