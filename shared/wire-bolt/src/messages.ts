/** Tags of the messages (Bolt protocol, message specification). */
export const requestTags = {
  hello: 0x01,
  goodbye: 0x02,
  reset: 0x0f,
  run: 0x10,
  begin: 0x11,
  commit: 0x12,
  rollback: 0x13,
  discard: 0x2f,
  pull: 0x3f,
  telemetry: 0x54,
  route: 0x66,
  logon: 0x6a,
  logoff: 0x6b,
} as const;

export type RequestName = keyof typeof requestTags;

export const responseTags = { success: 0x70, record: 0x71, ignored: 0x7e, failure: 0x7f } as const;

const names = new Map<number, RequestName>(
  Object.entries(requestTags).map(([name, tag]) => [tag, name as RequestName]),
);

/** The name of a request; undefined when there is none of that tag. */
export function requestName(tag: number): RequestName | undefined {
  return names.get(tag);
}

/** Tags of values that are structures (Bolt protocol, structure semantics). */
export const valueTags = {
  node: 0x4e,
  relationship: 0x52,
  unboundRelationship: 0x72,
  path: 0x50,
  date: 0x44,
  time: 0x54,
  localTime: 0x74,
  localDateTime: 0x64,
  /** Seconds since the epoch in UTC, from 5.0, or with the patch "utc". */
  dateTime: 0x49,
  dateTimeZoneId: 0x69,
  /** Seconds since the epoch by the local clock, before 5.0. */
  legacyDateTime: 0x46,
  legacyDateTimeZoneId: 0x66,
  duration: 0x45,
  point2d: 0x58,
  point3d: 0x59,
} as const;
