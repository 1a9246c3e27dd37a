/** How a value is written, by its first byte (Redis, rdb.h). */
export const RDB_STRING = 0;
export const RDB_LIST = 1;
export const RDB_SET = 2;
export const RDB_ZSET = 3;
export const RDB_HASH = 4;
export const RDB_ZSET_2 = 5;
export const RDB_LIST_ZIPLIST = 10;
export const RDB_SET_INTSET = 11;
export const RDB_ZSET_ZIPLIST = 12;
export const RDB_HASH_ZIPLIST = 13;
export const RDB_LIST_QUICKLIST = 14;
export const RDB_STREAM_LISTPACKS = 15;
export const RDB_HASH_LISTPACK = 16;
export const RDB_ZSET_LISTPACK = 17;
export const RDB_LIST_QUICKLIST_2 = 18;
export const RDB_STREAM_LISTPACKS_2 = 19;
export const RDB_SET_LISTPACK = 20;
export const RDB_STREAM_LISTPACKS_3 = 21;
/** Hashes some of whose fields expire (Redis 7.4). */
export const RDB_HASH_EXPIRING = 24;
export const RDB_HASH_LISTPACK_EXPIRING = 25;

/** How a node of a list is written: one element as it is, or a listpack of several. */
export const NODE_PLAIN = 1;
export const NODE_PACKED = 2;
