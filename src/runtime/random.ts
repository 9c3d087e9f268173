/**
 * A number in [0, 1) that depends on nothing but the seed and the name.
 *
 * Drawing by name, not from one stream, keeps the other draws of a run when one more is added.
 */
export function draw(seed: string, name: string): number {
  let hash = 0x811c9dc5;
  const text = `${seed}\u0000${name}`;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix(hash) / 2 ** 32;
}

/** Spreads neighbouring values over the whole range (the finaliser of MurmurHash3). */
function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
