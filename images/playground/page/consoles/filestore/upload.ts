import { ApiError } from "../../api-client.ts";
import { session } from "../../state.ts";
import type { AskRest } from "../rest.ts";

/** A file that is larger goes in parts of this size, each of which is sent again when it fails. */
const partBytes = 5 * 1024 ** 2;
const triesMax = 3;

export interface Upload {
  readonly engineId: string;
  readonly ask: AskRest;
  readonly bucket: string;
  readonly key: string;
  readonly file: File;
  readonly signal: AbortSignal;
  /** With the bytes that have been sent. */
  onProgress(bytes: number): void;
}

/** Sends a file: what is there of that name is replaced when all of it has arrived. */
export async function upload({
  engineId,
  ask,
  bucket,
  key,
  file,
  signal,
  onProgress,
}: Upload): Promise<void> {
  const type = file.type === "" ? "application/octet-stream" : file.type;
  const send = (bytes: Blob, before: number, query: Readonly<Record<string, string>>) => {
    const address = `api/engines/${encodeURIComponent(engineId)}/upload?${new URLSearchParams({ bucket, key, ...query })}`;
    return put(address, bytes, signal, (sent) => onProgress(before + sent));
  };
  if (file.size <= partBytes) {
    await send(file, 0, { type });
    return;
  }
  const path = ["buckets", bucket, "objects", ...key.split("/"), "multipart"];
  const { body } = await ask("POST", path, { type, signal });
  const { upload: id } = body as { upload: string };
  for (let at = 0, part = 1; at < file.size; at += partBytes, part++) {
    const bytes = file.slice(at, at + partBytes);
    await again(signal, () => send(bytes, at, { upload: id, part: String(part) }));
  }
  await ask("POST", path, { query: { upload: id }, body: {}, signal });
}

async function again(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await work();
      return;
    } catch (error) {
      const isRefused = error instanceof ApiError && error.body.code === "engine_refused";
      if (tries === triesMax || isRefused || signal.aborted) throw error;
    }
  }
}

/** `fetch` does not tell how much of a body has been sent. */
function put(
  address: string,
  bytes: Blob,
  signal: AbortSignal,
  progress: (sent: number) => void,
): Promise<void> {
  const request = new XMLHttpRequest();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = () => request.abort();
  signal.addEventListener("abort", stop);
  request.open("PUT", address);
  request.setRequestHeader("content-type", "application/octet-stream");
  request.setRequestHeader("x-csrf-token", session.value?.csrfToken ?? "");
  request.upload.onprogress = ({ loaded }) => progress(loaded);
  request.onload = () => {
    if (request.status < 300) resolve();
    else reject(new ApiError(errorOf(request)));
  };
  request.onerror = () =>
    reject(
      new ApiError({ code: "offline", message: "The upload was cut off: is the playground still running?" }),
    );
  request.onabort = () => reject(new DOMException("It was given up.", "AbortError"));
  request.send(bytes);
  return promise.finally(() => signal.removeEventListener("abort", stop));
}

function errorOf({ responseText, status }: XMLHttpRequest): ApiError["body"] {
  try {
    return (JSON.parse(responseText) as { error: ApiError["body"] }).error;
  } catch {
    return { code: "page", message: `The playground answered ${status}.` };
  }
}
