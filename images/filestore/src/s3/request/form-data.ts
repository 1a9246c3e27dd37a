import { S3Error } from "../../errors.ts";

/** A form as browsers send it: fields, and after them one file. */
export interface Form {
  /** By name in lower case. */
  readonly fields: ReadonlyMap<string, string>;
  readonly file: FormFile;
}

export interface FormFile {
  readonly name: string;
  readonly contentType: string | undefined;
  /** What is in it; to be read to its end. */
  chunks(): AsyncGenerator<Buffer>;
}

/** What all fields before the file may take. */
const fieldsBytesMax = 20 * 1024;
const fieldsMax = 100;
const headBytesMax = 4096;
const lineEnd = Buffer.from("\r\n");
const headEnd = Buffer.from("\r\n\r\n");

/**
 * Reads `multipart/form-data` up to the field `file`, whose content is then read by the caller. What follows it is ignored, as S3
 * does.
 *
 * @throws S3Error `MalformedPOSTRequest`
 */
export async function readForm(
  contentType: string | undefined,
  source: AsyncIterable<Buffer>,
): Promise<Form> {
  const boundary = /^multipart\/form-data\s*;.*\bboundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(
    contentType ?? "",
  );
  if (boundary === null) throw malformed();
  const reader = new FormReader(source, Buffer.from(`\r\n--${boundary[1] ?? boundary[2]}`));
  const fields = new Map<string, string>();
  let bytes = 0;
  await reader.begin();
  for (;;) {
    const head = await reader.head();
    if (head === undefined)
      throw new S3Error("InvalidArgument", "POST requires exactly one file upload per request.", {
        ArgumentName: "file",
        ArgumentValue: "0",
      });
    const disposition = /^content-disposition:\s*form-data\s*;(.*)$/im.exec(head)?.[1] ?? "";
    const name = parameterOf(disposition, "name")?.toLowerCase();
    if (name === undefined) throw malformed();
    if (name === "file") {
      const file: FormFile = {
        name: parameterOf(disposition, "filename")?.split(/[\\/]/).at(-1) ?? "",
        contentType: /^content-type:\s*(.+)$/im.exec(head)?.[1]?.trim(),
        chunks: () => reader.content(),
      };
      return { fields, file };
    }
    const chunks: Buffer[] = [];
    for await (const chunk of reader.content()) {
      bytes += chunk.length;
      if (bytes > fieldsBytesMax)
        throw new S3Error(
          "MaxMessageLengthExceeded",
          "Your POST request fields preceding the upload file were too large.",
        );
      chunks.push(chunk);
    }
    if (fields.size >= fieldsMax) throw malformed();
    fields.set(name, Buffer.concat(chunks).toString());
  }
}

function parameterOf(disposition: string, name: string): string | undefined {
  const match = new RegExp(`(?:^|;)\\s*${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]*))`, "i").exec(
    disposition,
  );
  return match?.[1]?.replace(/\\(.)/g, "$1") ?? match?.[2];
}

/** Takes a form apart, holding no more of it than a boundary is long. */
class FormReader {
  readonly #iterator: AsyncIterator<Buffer>;
  readonly #boundary: Buffer;
  #held: Buffer = Buffer.alloc(0);
  #isOver = false;

  constructor(source: AsyncIterable<Buffer>, boundary: Buffer) {
    this.#iterator = source[Symbol.asyncIterator]();
    this.#boundary = boundary;
  }

  /** Up to the first boundary, which needs no line before it. */
  async begin(): Promise<void> {
    this.#held = Buffer.from(lineEnd);
    for await (const chunk of this.content()) if (chunk.length > headBytesMax) throw malformed();
  }

  /** The headers of the next field; undefined at the end. */
  async head(): Promise<string | undefined> {
    while (this.#held.length < 2) if (!(await this.#more())) throw malformed();
    if (this.#held.subarray(0, 2).toString("latin1") === "--") return undefined;
    if (!this.#held.subarray(0, 2).equals(lineEnd)) throw malformed();
    for (;;) {
      const end = this.#held.indexOf(headEnd, 0);
      if (end !== -1) {
        const head = this.#held.subarray(2, end).toString();
        this.#held = this.#held.subarray(end + headEnd.length);
        return head;
      }
      if (this.#held.length > headBytesMax || !(await this.#more())) throw malformed();
    }
  }

  /** The content of a field, up to the boundary after it. */
  async *content(): AsyncGenerator<Buffer> {
    const keep = this.#boundary.length;
    for (;;) {
      const end = this.#held.indexOf(this.#boundary);
      if (end !== -1) {
        if (end > 0) yield this.#held.subarray(0, end);
        this.#held = this.#held.subarray(end + keep);
        return;
      }
      if (this.#held.length > keep) {
        const free = this.#held.length - keep;
        yield this.#held.subarray(0, free);
        this.#held = this.#held.subarray(free);
      }
      if (!(await this.#more())) throw malformed();
    }
  }

  /** Reads what follows the file, so that all of the request is read. */
  async #more(): Promise<boolean> {
    if (this.#isOver) return false;
    const { done, value } = await this.#iterator.next();
    if (done === true) {
      this.#isOver = true;
      return false;
    }
    this.#held = this.#held.length === 0 ? value : Buffer.concat([this.#held, value]);
    return true;
  }
}

function malformed(): S3Error {
  return new S3Error("MalformedPOSTRequest");
}
