import { PayloadError, type PayloadReader } from "./payload.ts";
import * as form from "./types.ts";

/** Bytes of a stream entry's identifier, and of a time. */
const ID_BYTES = 16;
const TIME_BYTES = 8;

/** Goes over a value of a form, whatever it holds. Throws PayloadError for a form that is not known. */
export function skipValue(kind: number, reader: PayloadReader): void {
  switch (kind) {
    case form.RDB_STRING:
    case form.RDB_LIST_ZIPLIST:
    case form.RDB_SET_INTSET:
    case form.RDB_ZSET_ZIPLIST:
    case form.RDB_HASH_ZIPLIST:
    case form.RDB_HASH_LISTPACK:
    case form.RDB_ZSET_LISTPACK:
    case form.RDB_SET_LISTPACK:
      reader.skipString();
      return;
    case form.RDB_LIST:
    case form.RDB_SET:
    case form.RDB_LIST_QUICKLIST:
      times(reader, () => reader.skipString());
      return;
    case form.RDB_HASH:
      times(reader, () => {
        reader.skipString();
        reader.skipString();
      });
      return;
    case form.RDB_LIST_QUICKLIST_2:
      times(reader, () => {
        reader.number();
        reader.skipString();
      });
      return;
    case form.RDB_ZSET:
      times(reader, () => {
        reader.skipString();
        const length = reader.byte();
        // Above are the lengths that stand for infinities and NaN.
        if (length < 253) reader.take(length);
      });
      return;
    case form.RDB_ZSET_2:
      times(reader, () => {
        reader.skipString();
        reader.take(TIME_BYTES);
      });
      return;
    case form.RDB_HASH_EXPIRING:
      reader.take(TIME_BYTES);
      times(reader, () => {
        reader.number();
        reader.skipString();
        reader.skipString();
      });
      return;
    case form.RDB_HASH_LISTPACK_EXPIRING:
      reader.take(TIME_BYTES);
      reader.skipString();
      return;
    case form.RDB_STREAM_LISTPACKS:
    case form.RDB_STREAM_LISTPACKS_2:
    case form.RDB_STREAM_LISTPACKS_3:
      skipStream(kind, reader);
      return;
    default:
      throw new PayloadError(`a value of the form ${kind} is not known`);
  }
}

function skipStream(kind: number, reader: PayloadReader): void {
  const isNewer = kind > form.RDB_STREAM_LISTPACKS;
  times(reader, () => {
    reader.skipString();
    reader.skipString();
  });
  for (let left = isNewer ? 8 : 3; left > 0; left--) reader.number();
  times(reader, () => {
    reader.skipString();
    for (let left = isNewer ? 3 : 2; left > 0; left--) reader.number();
    times(reader, () => {
      reader.take(ID_BYTES + TIME_BYTES);
      reader.number();
    });
    times(reader, () => {
      reader.skipString();
      reader.take(kind === form.RDB_STREAM_LISTPACKS_3 ? TIME_BYTES * 2 : TIME_BYTES);
      times(reader, () => void reader.take(ID_BYTES));
    });
  });
}

function times(reader: PayloadReader, skip: () => void): void {
  for (let left = Number(reader.number()); left > 0; left--) skip();
}
