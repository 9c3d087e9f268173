/** A token that a subscription made: which event, and which of its deliveries. */
export interface LockToken {
  readonly sequence: number;
  readonly deliveryCount: number;
}

/** Spells a lock token. `salt` is the subscription's own, so that another's tokens are recognised as foreign. */
export function formatLockToken(salt: string, sequence: number, deliveryCount: number): string {
  return `${salt}.${String(sequence)}.${String(deliveryCount)}`;
}

/** Reads a lock token back; undefined if this subscription did not make it. */
export function parseLockToken(salt: string, token: string): LockToken | undefined {
  if (!token.startsWith(`${salt}.`)) return undefined;
  const dot = token.lastIndexOf(".");
  const sequence = Number(token.slice(salt.length + 1, dot));
  const deliveryCount = Number(token.slice(dot + 1));
  const isOurs =
    Number.isSafeInteger(sequence) &&
    Number.isSafeInteger(deliveryCount) &&
    formatLockToken(salt, sequence, deliveryCount) === token;
  return isOurs ? { sequence, deliveryCount } : undefined;
}
