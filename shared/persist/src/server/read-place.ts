const bucketName = /^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/;
const prefixName = /^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/;

/** A bucket or container, and what stands before every key in it. */
export interface Place {
  readonly bucket: string;
  /** Without slashes at its ends; empty for the bucket's root. */
  readonly prefix: string;
}

/** Holds both to the names that stores take; what is wrong is added to `mistakes`, by the name of what held them. */
export function checkPlace({ bucket, prefix }: Place, mistakes: string[], where: string): void {
  if (!bucketName.test(bucket)) mistakes.push(`${where}: "${bucket}" cannot be a bucket's name`);
  if (prefix !== "" && !prefixName.test(prefix)) {
    mistakes.push(`${where}: the prefix "${prefix}" may have letters, digits, ".", "_", "-" and "/" only`);
  }
}

/** The name of a key in the bucket. */
export function within({ prefix }: Pick<Place, "prefix">, key: string): string {
  return prefix === "" ? key : `${prefix}/${key}`;
}
