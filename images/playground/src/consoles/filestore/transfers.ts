import { Type } from "typebox";
import { PlaygroundError } from "../../errors.ts";
import type { Transfers } from "../console.ts";
import { basicOf, HttpConnection } from "../http/http-connection.ts";
import { pathOf, refusalOf } from "../http/rest-console.ts";

/** A file, or a part of one, is no longer: what is larger goes in parts. */
const partBytesMax = 8 * 1024 ** 2;

const onlyThese = { additionalProperties: false } as const;
const place = {
  bucket: Type.String({ minLength: 3, maxLength: 63 }),
  key: Type.String({ minLength: 1, maxLength: 1024 }),
};

/** What may be passed on of an answer: all else that a user has stored could be taken for something of the page's. */
const passedOn = ["content-length", "content-range", "accept-ranges", "etag", "last-modified"] as const;
const shownTypes = /^(?:image|audio|video)\/[\w.+-]+$/;

/** The bytes of files, to and from the filestore, never held as a whole. */
export const filestoreTransfers: Transfers = {
  upload: {
    schema: Type.Object(
      {
        ...place,
        type: Type.Optional(
          Type.String({ maxLength: 200, pattern: "^[\\w.+-]+/[\\w.+-]+(?:;[\\x20-\\x7e]*)?$" }),
        ),
        upload: Type.Optional(Type.String({ maxLength: 200 })),
        part: Type.Optional(Type.String({ pattern: "^[1-9][0-9]{0,4}$" })),
      },
      onlyThese,
    ),
    run: async (call, body, bytes) => {
      const {
        bucket,
        key,
        type = "application/octet-stream",
        ...query
      } = call.body as Record<string, string>;
      if (bytes > partBytesMax) {
        throw new PlaygroundError("too_large", `send files of more than ${partBytesMax} bytes in parts`);
      }
      const connection = await HttpConnection.of(call);
      const response = await connection.send({
        method: "PUT",
        path: pathOf(["buckets", bucket!, "objects", ...key!.split("/")], query),
        headers: { ...basicOf(call), "content-type": type, "content-length": String(bytes) },
        body,
        signal: call.signal,
      });
      const chunks: Buffer[] = await response.toArray();
      const text = Buffer.concat(chunks).toString();
      if ((response.statusCode ?? 0) >= 300) throw refusalOf({ status: response.statusCode ?? 0, text });
      return JSON.parse(text) as unknown;
    },
  },
  download: {
    schema: Type.Object({ ...place, version: Type.Optional(Type.String({ maxLength: 200 })) }, onlyThese),
    run: async (call, range) => {
      const { bucket, key, ...query } = call.body as Record<string, string>;
      const connection = await HttpConnection.of(call);
      const response = await connection.send({
        path: pathOf(["buckets", bucket!, "objects", ...key!.split("/")], query),
        headers: { ...basicOf(call), ...(range !== undefined && { range }) },
        signal: call.signal,
      });
      const status = response.statusCode ?? 0;
      if (status >= 300)
        throw refusalOf({ status, text: Buffer.concat(await response.toArray()).toString() });
      const type = response.headers["content-type"] ?? "";
      const headers: Record<string, string> = {
        "content-type": shownTypes.test(type) ? type : "application/octet-stream",
        // An image of the page is shown all the same; what is opened by its address is saved.
        "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(key!.split("/").at(-1)!)}`,
        "content-security-policy": "default-src 'none'; sandbox",
        "cache-control": "private, no-store",
      };
      for (const name of passedOn) {
        const value = response.headers[name];
        if (value !== undefined) headers[name] = value;
      }
      return { status, headers, body: response };
    },
  },
};
