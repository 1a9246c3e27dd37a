import { InvalidArgumentError } from "commander";

/** Reads `--tag`: what a registry takes as one. */
export function readTag(text: string): string {
  if (!/^\w[\w.-]{0,127}$/.test(text)) {
    throw new InvalidArgumentError(
      'A tag is letters, digits, "_", "." and "-", at most 128, and begins with a letter or digit.',
    );
  }
  return text;
}

/** Reads `--registry`: what stands before an image's name, without a slash at its end. */
export function readRegistry(text: string): string {
  const host = "[a-zA-Z0-9][a-zA-Z0-9.-]*(:\\d{1,5})?";
  const path = "[a-z0-9]+([._-]+[a-z0-9]+)*";
  if (!new RegExp(`^(${host}/)?${path}(/${path})*$|^${host}$`).test(text)) {
    throw new InvalidArgumentError(
      "Write it as registry.example.com:5000/weftkit, without a slash at the end.",
    );
  }
  return text;
}
