const STAR = 0x2a;
const QUESTION = 0x3f;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const CARET = 0x5e;
const DASH = 0x2d;
const BACKSLASH = 0x5c;

/** A pattern that gets past more stars than this matches nothing, as in Redis, which bounds its recursion so. */
const STARS_MAX = 1000;

/**
 * Redis's glob: `*`, `?`, `[abc]`, `[^a]`, `[a-z]`, backslash to quote; over bytes. Linear in pattern and text except for
 * stars, where only the last one is ever retried, so that no pattern takes exponential time.
 */
export function matchGlob(pattern: Buffer, text: Buffer, isCaseBlind = false): boolean {
  let p = 0;
  let t = 0;
  let starPattern = -1;
  let starText = 0;
  let stars = 0;
  while (t < text.length) {
    if (p < pattern.length && pattern[p] === STAR) {
      while (pattern[p] === STAR) p++;
      if (p === pattern.length) return true;
      if (++stars > STARS_MAX) return false;
      starPattern = p;
      starText = t;
      continue;
    }
    const end = p < pattern.length ? matchOne(pattern, p, text[t]!, isCaseBlind) : -1;
    if (end > 0) {
      p = end;
      t++;
    } else if (starPattern >= 0) {
      p = starPattern;
      t = ++starText;
    } else return false;
  }
  while (pattern[p] === STAR) p++;
  return p >= pattern.length;
}

/** Matches one byte against the pattern's element at `at`; where the next element starts, or -1. */
function matchOne(pattern: Buffer, at: number, byte: number, isCaseBlind: boolean): number {
  const wanted = pattern[at]!;
  if (wanted === QUESTION) return at + 1;
  if (wanted === OPEN) return matchClass(pattern, at, byte, isCaseBlind);
  if (wanted === BACKSLASH && at + 1 < pattern.length) {
    return fold(pattern[at + 1]!, isCaseBlind) === fold(byte, isCaseBlind) ? at + 2 : -1;
  }
  return fold(wanted, isCaseBlind) === fold(byte, isCaseBlind) ? at + 1 : -1;
}

function matchClass(pattern: Buffer, start: number, byte: number, isCaseBlind: boolean): number {
  let at = start + 1;
  const isNegated = pattern[at] === CARET;
  if (isNegated) at++;
  let isMatch = false;
  const wanted = fold(byte, isCaseBlind);
  while (at < pattern.length && pattern[at] !== CLOSE) {
    if (pattern[at] === BACKSLASH && at + 1 < pattern.length) {
      at++;
      if (fold(pattern[at]!, isCaseBlind) === wanted) isMatch = true;
    } else if (at + 2 < pattern.length && pattern[at + 1] === DASH) {
      const from = fold(pattern[at]!, isCaseBlind);
      const to = fold(pattern[at + 2]!, isCaseBlind);
      if (wanted >= Math.min(from, to) && wanted <= Math.max(from, to)) isMatch = true;
      at += 2;
    } else if (fold(pattern[at]!, isCaseBlind) === wanted) isMatch = true;
    at++;
  }
  // A class that is never closed ends with the pattern.
  return isMatch !== isNegated ? Math.min(at + 1, pattern.length) : -1;
}

function fold(byte: number, isCaseBlind: boolean): number {
  return isCaseBlind && byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}
