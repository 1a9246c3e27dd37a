import Type, { type Static } from "typebox";

export const strict = { additionalProperties: false } as const;

export const noParams = Type.Object({}, strict);
export const noQuery = Type.Object({}, strict);
export const bucketParams = Type.Object({ bucket: Type.String({ maxLength: 63 }) }, strict);
export const objectParams = Type.Object(
  { bucket: Type.String({ maxLength: 63 }), key: Type.String({ minLength: 1, maxLength: 1024 }) },
  strict,
);

export const limit = Type.Optional(
  Type.Integer({ minimum: 1, maximum: 1000, description: "At most so many. Default: 100." }),
);
export const cursor = Type.Optional(Type.String({ description: "`next` of the page before." }));
export const next = Type.Optional(
  Type.String({ description: "The cursor of the next page; absent on the last one." }),
);

export const bucketSchema = Type.Object({
  name: Type.String(),
  created_at: Type.String({ format: "date-time" }),
  versioning: Type.Union([Type.Literal("off"), Type.Literal("on"), Type.Literal("suspended")]),
});

export const objectSchema = Type.Object({
  key: Type.String(),
  size: Type.Integer({ description: "Bytes." }),
  etag: Type.String(),
  content_type: Type.String(),
  modified_at: Type.String({ format: "date-time" }),
  version: Type.Optional(Type.String()),
  metadata: Type.Record(Type.String(), Type.String()),
  tags: Type.Record(Type.String(), Type.String()),
});

export type ObjectJson = Static<typeof objectSchema>;
