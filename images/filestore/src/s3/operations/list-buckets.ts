import { xmlDocument, xmlElement, xmlText } from "@weftkit/http-aws";
import { ownerXml } from "../../access/acl.ts";
import { invalidArgument, S3Error } from "../../errors.ts";
import { listBuckets } from "../../storage/buckets.ts";
import { isoTime, namespace, xmlReply } from "../answer/reply.ts";
import type { Operation } from "../operation.ts";

const limitMax = 10_000;

export const listBucketsOperation: Operation = {
  name: "ListBuckets",
  on: "service",
  method: "GET",
  run: async (call) => {
    const { services, requester, accountId } = call;
    const { user } = requester;
    if (user === undefined || user.scope("read") === "none") throw new S3Error("AccessDenied");
    const limit = limitOf(call.query("max-buckets"));
    const token = call.query("continuation-token");
    const after = token === undefined ? "" : Buffer.from(token, "base64url").toString();
    const prefix = call.query("prefix") ?? "";
    const found = await services.read((db) =>
      listBuckets(db, accountId, { after, prefix, limit: limit + 1 }),
    );
    const shown = found.slice(0, limit);
    const isTruncated = found.length > limit;
    const buckets = shown
      .filter(({ name }) => user.can("read", name))
      .map(({ name, createdAt }) =>
        xmlElement(
          "Bucket",
          xmlText("Name", name),
          xmlText("CreationDate", isoTime(createdAt)),
          xmlText("BucketRegion", call.query("max-buckets") === undefined ? undefined : services.region),
        ),
      );
    const body = xmlDocument(
      "ListAllMyBucketsResult",
      namespace,
      ownerXml(services.accounts, accountId),
      xmlElement("Buckets", ...buckets),
      xmlText("Prefix", prefix === "" ? undefined : prefix),
      xmlText(
        "ContinuationToken",
        isTruncated ? Buffer.from(shown.at(-1)!.name).toString("base64url") : undefined,
      ),
    );
    return xmlReply(body);
  },
};

function limitOf(text: string | undefined): number {
  if (text === undefined) return limitMax;
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > limitMax) {
    throw invalidArgument("Argument max-buckets must be an integer between 1 and 10000", "max-buckets", text);
  }
  return limit;
}
