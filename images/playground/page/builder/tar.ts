const blockBytes = 512;

export interface TarFile {
  readonly path: string;
  readonly content: string;
}

/** An archive (ustar) of text files. The folder `secrets` lets nobody but its owner in, as `weftkit compose` makes it. */
export function tarOf(folder: string, files: readonly TarFile[]): Blob {
  const encoder = new TextEncoder();
  const parts: BlobPart[] = [header(`${folder}/`, 0, 0o755, "5")];
  if (files.some(({ path }) => path.startsWith("secrets/"))) {
    parts.push(header(`${folder}/secrets/`, 0, 0o700, "5"));
  }
  for (const { path, content } of files) {
    const bytes = encoder.encode(content);
    parts.push(header(`${folder}/${path}`, bytes.length, 0o644, "0"), bytes);
    parts.push(new Uint8Array((blockBytes - (bytes.length % blockBytes)) % blockBytes));
  }
  parts.push(new Uint8Array(2 * blockBytes));
  return new Blob(parts, { type: "application/x-tar" });
}

function header(path: string, size: number, mode: number, kind: "0" | "5"): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(blockBytes);
  const encoder = new TextEncoder();
  const write = (text: string, at: number) => block.set(encoder.encode(text), at);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, "0")}\0`;
  // A path of more than 100 bytes is parted at a slash.
  const at = path.length > 100 ? path.lastIndexOf("/", 154) : -1;
  write(path.slice(at + 1), 0);
  if (at > 0) write(path.slice(0, at), 345);
  write(octal(mode, 7), 100);
  write(octal(1000, 7), 108);
  write(octal(1000, 7), 116);
  write(octal(size, 11), 124);
  write(octal(Math.floor(Date.now() / 1000), 11), 136);
  write("        ", 148);
  write(kind, 156);
  write("ustar\0", 257);
  write("00", 263);
  const sum = block.reduce((total, byte) => total + byte, 0);
  write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}
