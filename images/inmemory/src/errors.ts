/**
 * The error texts of this engine: Redis's own, because clients match on them. The first word is the code that drivers
 * see; everything a command can answer is here or made by a function here.
 */
export const WRONGTYPE = "WRONGTYPE Operation against a key holding the wrong kind of value";
export const NOAUTH = "NOAUTH Authentication required.";
export const WRONGPASS = "WRONGPASS invalid username-password pair or user is disabled.";
export const OOM = "OOM command not allowed when used memory > 'maxmemory'.";
export const EXECABORT = "EXECABORT Transaction discarded because of previous errors.";
export const MISCONF =
  "MISCONF Errors writing to the AOF file: %s. Writes are refused until the append-only file can be written again.";
export const DEFECT =
  "ERR The command failed because of a defect in the engine; nothing was changed, and its log has the details";
export const LOADING = "LOADING Redis is loading the dataset in memory";
export const READONLY = "READONLY You can't write against a read only replica.";
/** What those who wait for keys are told when the engine becomes a replica. */
export const BECAME_REPLICA =
  "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)";
export const UNBLOCKED = "UNBLOCKED client unblocked via CLIENT UNBLOCK";

export const SYNTAX = "ERR syntax error";
export const NOT_AN_INTEGER = "ERR value is not an integer or out of range";
export const NOT_A_FLOAT = "ERR value is not a valid float";
export const NO_SUCH_KEY = "ERR no such key";
export const OUT_OF_RANGE = "ERR index out of range";
export const OUT_OF_RANGE_VALUE = "ERR value is out of range";
export const NOT_POSITIVE = "ERR value is out of range, must be positive";
export const OVERFLOW = "ERR increment or decrement would overflow";
export const STRING_TOO_LONG = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
export const INVALID_CURSOR = "ERR invalid cursor";
export const SAME_OBJECT = "ERR source and destination objects are the same";
export const DB_OUT_OF_RANGE = "ERR DB index is out of range";
export const TIMEOUT_NOT_FLOAT = "ERR timeout is not a float or out of range";
export const TIMEOUT_NEGATIVE = "ERR timeout is negative";
export const TIMEOUT_OUT_OF_RANGE = "ERR timeout is out of range";
export const MIN_MAX_NOT_LEX = "ERR min or max not valid string range item";
export const MIN_MAX_NOT_FLOAT = "ERR min or max is not a float";

export function wrongArity(fullName: string): string {
  return `ERR wrong number of arguments for '${fullName}' command`;
}

export function invalidExpire(commandName: string): string {
  return `ERR invalid expire time in '${commandName}' command`;
}
