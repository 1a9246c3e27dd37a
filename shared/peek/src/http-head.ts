/** The first lines of an HTTP/1 request, as far as they say where it goes. */
export interface HttpHead {
  readonly method: string;
  /** As it was written, with its query. */
  readonly target: string;
  /** By lower-case name; of several with one name the first. */
  readonly headers: ReadonlyMap<string, string>;
}

const methods = /^(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|TRACE|CONNECT|PROPFIND|COPY|MOVE|LOCK|UNLOCK) /;

/** Whether these bytes are, or may become, the beginning of a request: undefined while they are too short to tell. */
export function looksLikeHttp(bytes: Buffer): boolean | undefined {
  const start = bytes.toString("latin1", 0, 10);
  if (methods.test(start)) {
    // What Redis takes as a command of its own in a line ends in no HTTP version.
    const end = bytes.indexOf("\n");
    if (end === -1) return bytes.length > 16_000 ? true : undefined;
    return / HTTP\/1\.[01]\r?$/.test(bytes.toString("latin1", 0, end));
  }
  const isPrefix = /^[A-Z]{1,9}$/.test(start) && bytes.length < 10;
  return isPrefix ? undefined : false;
}

/** Reads a head that is whole; undefined while it is not, or when it is none. */
export function readHttpHead(bytes: Buffer): HttpHead | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end === -1) return undefined;
  const [first = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  const [method = "", target = ""] = first.split(" ");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (name !== "" && !headers.has(name)) headers.set(name, line.slice(colon + 1).trim());
  }
  return { method, target, headers };
}
