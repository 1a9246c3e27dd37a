import Type from "typebox";

/** Objects that have these members and no others. */
export const strict = { additionalProperties: false } as const;

export const listLimitMax = 1000;

const description = (text: string) => ({ description: text });

export const noParams = Type.Object({}, strict);
export const noQuery = Type.Object({}, strict);

export const collectionParams = Type.Object({
  name: Type.String({ maxLength: 128, ...description("The collection.") }),
});

export const documentParams = Type.Object({
  name: Type.String({ maxLength: 128, ...description("The collection.") }),
  id: Type.String({
    minLength: 1,
    maxLength: 1024,
    ...description("The document. Slashes in it may stand as they are, or as `%2F`."),
  }),
});

export const attachmentParams = Type.Object({
  name: Type.String({ maxLength: 128, ...description("The collection.") }),
  path: Type.String({
    minLength: 1,
    maxLength: 1024,
    ...description("The attachment, like the path of a file."),
  }),
});

export const limit = Type.Optional(
  Type.Integer({ minimum: 1, maximum: listLimitMax, ...description("How many at most. Default: 100.") }),
);
export const cursor = Type.Optional(
  Type.String({
    maxLength: 8192,
    ...description("`next` of the page before, with the same other parameters."),
  }),
);
/** What every list of links says of one. */
export const writtenLink = {
  kind: Type.Enum(["wiki", "markdown", "file"]),
  target: Type.String(description("As it is written.")),
  anchor: Type.Union([Type.String(), Type.Null()]),
  label: Type.String(),
};

/** The number of a version. */
export const versionNumber = (text: string) =>
  Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, ...description(text) });

export const pageQuery = Type.Object({ limit, cursor }, strict);

export const next = Type.Union([Type.String(), Type.Null()], {
  description: "The cursor of the next page; null when this is the last.",
});

const time = (text: string) => Type.String({ format: "date-time", ...description(text) });

export const collectionSchema = Type.Object({
  name: Type.String(),
  description: Type.String(),
  documents: Type.Integer(description("How many there are, without the trash.")),
  bytes: Type.Integer(description("Of their current texts.")),
  createdAt: time("When it was created."),
  createdBy: Type.String(),
});

export const metaSchema = Type.Object(
  {
    collection: Type.String(),
    title: Type.String(
      description("The front matter's title, else the first heading, else the last part of the id."),
    ),
    version: Type.Integer(),
    etag: Type.String(description("For `If-Match`.")),
    frontMatterError: Type.Optional(
      Type.Object(
        { message: Type.String(), line: Type.Integer(), column: Type.Integer() },
        description("What of the front matter could not be read; the fields are what could."),
      ),
    ),
    size: Type.Integer(description("Bytes of the text, front matter included.")),
    createdAt: time("When its first version was written."),
    createdBy: Type.String(),
    updatedAt: time("When its current version was written."),
    updatedBy: Type.String(),
  },
  description("What the engine knows of the document. Not read when it is sent back."),
);

export const documentSchema = Type.Object(
  {
    id: Type.String(),
    content: Type.String(description("The text without front matter.")),
    meta: metaSchema,
  },
  {
    additionalProperties: true,
    ...description("The fields of the front matter stand beside these members."),
  },
);

export const listedDocumentSchema = Type.Object(
  { id: Type.String(), meta: metaSchema },
  { additionalProperties: true },
);

/** How many documents there are. */
export const totalMembers = {
  total: Type.Integer(),
  totalIsExact: Type.Boolean(description("False when there are more than were counted.")),
};

/** How often each value of a field occurs, by the name of the field. */
export const facetsSchema = Type.Record(
  Type.String(),
  Type.Array(Type.Object({ value: Type.String(), count: Type.Integer() })),
);

/** What a document may be written as. */
export const documentInput = Type.Object(
  {
    id: Type.Optional(Type.String(description("When given, the one of the address."))),
    title: Type.Optional(Type.String({ maxLength: 1024 })),
    content: Type.String(
      description("Markdown. Front matter at its head is read as such; members win over it."),
    ),
    tags: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { maxItems: 100 })),
    author: Type.Optional(Type.String({ maxLength: 256 })),
    meta: Type.Optional(Type.Unknown(description("Ignored, so that what was read can be sent back."))),
  },
  { additionalProperties: true, ...description("Any other member is a field of the front matter.") },
);

export const documentPatch = Type.Record(
  Type.String(),
  Type.Unknown(),
  description("A JSON Merge Patch (RFC 7396) of `content` and the fields: null removes one."),
);

export const versionSchema = Type.Object({
  version: Type.Integer(),
  action: Type.String(description("created, updated, restored, renamed, relinked or imported.")),
  at: time("When it was written."),
  author: Type.String(description("Who wrote it.")),
  size: Type.Integer(),
});

export const attachmentSchema = Type.Object({
  path: Type.String(),
  mediaType: Type.String(),
  size: Type.Integer(),
  sha256: Type.String(),
  at: time("When it was written."),
  author: Type.String(),
});
