/** Texts of places in the write-ahead log. */

/** As pg_lsn writes it: `0/16B3748`. */
export function lsnText(lsn: bigint): string {
  const hex = (value: bigint) => value.toString(16).toUpperCase();
  return `${hex(lsn >> 32n)}/${hex(lsn & 0xffff_ffffn)}`;
}

const pattern = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/;

/** Undefined for what is no place. */
export function readLsn(text: string): bigint | undefined {
  const parts = pattern.exec(text);
  return parts === null ? undefined : (BigInt(`0x${parts[1]}`) << 32n) | BigInt(`0x${parts[2]}`);
}
