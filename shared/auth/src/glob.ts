/**
 * Whether `text` matches `pattern`, where `*` is any text and `?` any one character.
 *
 * Two pointers instead of a regular expression: object names come from clients, and this takes at most
 * length x length steps whatever they are.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0;
  let patternAt = 0;
  let starAt = -1;
  let resumeAt = 0;
  while (at < text.length) {
    if (pattern[patternAt] === "*") {
      starAt = patternAt++;
      resumeAt = at;
    } else if (pattern[patternAt] === "?" || pattern[patternAt] === text[at]) {
      patternAt++;
      at++;
    } else if (starAt !== -1) {
      patternAt = starAt + 1;
      at = ++resumeAt;
    } else {
      return false;
    }
  }
  while (pattern[patternAt] === "*") patternAt++;
  return patternAt === pattern.length;
}
