/** Types by what contents begin with: hexadecimal, a dot for any digit. */
const signatures: readonly (readonly [RegExp, string])[] = [
  [/^89504e470d0a1a0a/, "image/png"],
  [/^ffd8ff/, "image/jpeg"],
  [/^47494638(?:37|39)61/, "image/gif"],
  [/^52494646.{8}57454250/, "image/webp"],
  [/^.{8}66747970(?:61766966|61766973)/, "image/avif"],
  [/^.{8}66747970/, "video/mp4"],
  [/^1a45dfa3/, "video/webm"],
  [/^255044462d/, "application/pdf"],
  [/^1f8b08/, "application/gzip"],
  [/^28b52ffd/, "application/zstd"],
  [/^504b0304/, "application/zip"],
  [/^4f676753/, "audio/ogg"],
  [/^(?:494433|fffb|fff3)/, "audio/mpeg"],
  [/^664c6143/, "audio/flac"],
  [/^774f4632/, "font/woff2"],
  [/^0061736d/, "application/wasm"],
];

/** Types by the ending of a name. */
const endings: Readonly<Record<string, string>> = {
  css: "text/css",
  csv: "text/csv",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  gif: "image/gif",
  html: "text/html",
  ico: "image/x-icon",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  js: "text/javascript",
  json: "application/json",
  md: "text/markdown",
  mjs: "text/javascript",
  mov: "video/quicktime",
  mp3: "audio/mpeg",
  mp4: "video/mp4",
  pdf: "application/pdf",
  png: "image/png",
  parquet: "application/vnd.apache.parquet",
  svg: "image/svg+xml",
  tar: "application/x-tar",
  txt: "text/plain",
  wasm: "application/wasm",
  webm: "video/webm",
  webp: "image/webp",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  xml: "application/xml",
  yaml: "application/yaml",
  yml: "application/yaml",
  zip: "application/zip",
};

/** What tools send when they do not know. */
const unknown: ReadonlySet<string> = new Set([
  "application/octet-stream",
  "binary/octet-stream",
  "application/x-www-form-urlencoded",
]);

/** The type of a content: the one that was sent, or where that says nothing the one that it begins like, or is named like. */
export function detectType(sent: string, key: string, first: Buffer | undefined): string {
  if (!unknown.has(sent)) return sent;
  const begin = first?.subarray(0, 16).toString("hex") ?? "";
  const ending = /\.([a-z0-9]+)$/i.exec(key)?.[1]?.toLowerCase() ?? "";
  const found = signatures.find(([pattern]) => pattern.test(begin))?.[1];
  const named = Object.hasOwn(endings, ending) ? endings[ending] : undefined;
  // Office documents are archives; their names say more.
  if (found === "application/zip" && named !== undefined) return named;
  return found ?? named ?? "application/octet-stream";
}
