const namePattern = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Whether a bucket can have this name, by the rules that AWS has since 2018. */
export function isBucketName(name: string): boolean {
  return (
    namePattern.test(name) &&
    !/\.\.|\.-|-\./.test(name) &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(name) &&
    !name.startsWith("xn--") &&
    !name.endsWith("-s3alias")
  );
}
