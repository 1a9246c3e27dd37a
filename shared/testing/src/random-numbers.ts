/** Numbers from 0 up to, not including, 1: the same for the same seed, a whole number (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Integers from 0 up to, not including, a bound below 2^32: the same for the same seed. */
export function randomIntegers(seed: number): (bound: number) => number {
  const random = randomNumbers(seed);
  return (bound) => (random() * 2 ** 32) % bound;
}
