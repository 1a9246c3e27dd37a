/** Classes of keyspace events, with the letters of notify-keyspace-events (Redis, "Keyspace notifications"). */
export const NOTIFY_KEYSPACE = 1 << 0;
export const NOTIFY_KEYEVENT = 1 << 1;
export const NOTIFY_GENERIC = 1 << 2;
export const NOTIFY_STRING = 1 << 3;
export const NOTIFY_LIST = 1 << 4;
export const NOTIFY_SET = 1 << 5;
export const NOTIFY_HASH = 1 << 6;
export const NOTIFY_ZSET = 1 << 7;
export const NOTIFY_EXPIRED = 1 << 8;
export const NOTIFY_EVICTED = 1 << 9;
export const NOTIFY_STREAM = 1 << 10;
export const NOTIFY_KEY_MISS = 1 << 11;
export const NOTIFY_NEW = 1 << 14;
const NOTIFY_MODULE = 1 << 13;
const NOTIFY_ALL =
  NOTIFY_GENERIC |
  NOTIFY_STRING |
  NOTIFY_LIST |
  NOTIFY_SET |
  NOTIFY_HASH |
  NOTIFY_ZSET |
  NOTIFY_EXPIRED |
  NOTIFY_EVICTED |
  NOTIFY_STREAM |
  NOTIFY_MODULE;

const LETTERS: readonly [letter: string, classes: number][] = [
  ["A", NOTIFY_ALL],
  ["g", NOTIFY_GENERIC],
  ["$", NOTIFY_STRING],
  ["l", NOTIFY_LIST],
  ["s", NOTIFY_SET],
  ["h", NOTIFY_HASH],
  ["z", NOTIFY_ZSET],
  ["x", NOTIFY_EXPIRED],
  ["e", NOTIFY_EVICTED],
  ["t", NOTIFY_STREAM],
  ["d", NOTIFY_MODULE],
  ["K", NOTIFY_KEYSPACE],
  ["E", NOTIFY_KEYEVENT],
  ["m", NOTIFY_KEY_MISS],
  ["n", NOTIFY_NEW],
];

/** The classes of a notify-keyspace-events value, or undefined when a letter is unknown. */
export function parseNotifyClasses(text: string): number | undefined {
  let classes = 0;
  for (const letter of text) {
    const found = LETTERS.find(([known]) => known === letter);
    if (found === undefined) return undefined;
    classes |= found[1];
  }
  return classes;
}

/** The canonical letters of some classes. */
export function formatNotifyClasses(classes: number): string {
  let text = "";
  let rest = classes;
  for (const [letter, mask] of LETTERS) {
    if ((rest & mask) !== mask) continue;
    text += letter;
    if (letter === "A") rest &= ~mask;
  }
  return text;
}
