/** 32-bit serial numbers (RFC 1982), in which AMQP counts transfers, deliveries and credit: after 2^32 - 1 comes 0. */

export const serialAdd = (a: number, b: number): number => (a + b) >>> 0;

/** How far `a` is ahead of `b`; negative when it is behind. */
export const serialDiff = (a: number, b: number): number => (a - b) | 0;
