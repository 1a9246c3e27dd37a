/** RFC 3454, table C.1.2: spaces other than ASCII's, which become one. */
const otherSpaces = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g;

/** RFC 3454, table B.1: commonly mapped to nothing. */
// biome-ignore lint/suspicious/noMisleadingCharacterClass: these are single code points to drop, not sequences
const mappedToNothing = /[\u00ad\u034f\u1806\u180b-\u180d\u200c\u200d\u2060\ufe00-\ufe0f\ufeff]/g;

/** RFC 3454, tables C.2 to C.9 in short: controls, private use, non-characters, surrogates, tags. */
const prohibited =
  /[\p{Cc}\p{Co}\p{Cs}\ufffc\ufffd\u2028\u2029\u202a-\u202e\u206a-\u206f\u{e0001}\u{e0020}-\u{e007f}]/u;

/**
 * Prepares a password as SASLprep does (RFC 4013), so that the same password typed on two systems is the same bytes.
 * One that SASLprep refuses is used as it is, as PostgreSQL does: clients that do not prepare can still log in.
 */
export function saslPrepare(password: string | Uint8Array): Buffer {
  const raw =
    typeof password === "string"
      ? Buffer.from(password)
      : Buffer.from(password.buffer, password.byteOffset, password.byteLength);
  if (raw.every((byte) => byte >= 0x20 && byte < 0x7f)) return raw;
  const text = raw.toString();
  const prepared = text.replace(otherSpaces, " ").replace(mappedToNothing, "").normalize("NFKC");
  const refused = prohibited.test(prepared) || prepared.includes("\ufffd");
  return refused ? raw : Buffer.from(prepared);
}
