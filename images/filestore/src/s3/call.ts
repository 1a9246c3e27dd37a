import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Peer } from "@weftkit/host";
import { parseXml, type XmlElement, XmlError } from "@weftkit/http-aws";
import type { Database } from "@weftkit/store";
import { actionRules, type S3Action } from "../access/actions.ts";
import { authorize, isAllowed, type ObjectAccess, type Requester } from "../access/authorize.ts";
import { accessOf } from "../access/object-access.ts";
import { S3Error } from "../errors.ts";
import type { Services } from "../objects/services.ts";
import { type Bucket, findBucket } from "../storage/buckets.ts";
import { isVersionId, latestVersion, type Version, versionById } from "../storage/versions.ts";
import type { Address } from "./request/address.ts";
import { type BodyOptions, RequestBody } from "./request/body.ts";
import type { SignatureVerifier, Verified } from "./signature/verify.ts";

/** Bodies that are XML or JSON: 1000 keys of 1 KB, escaped, or 10,000 parts with checksums. */
const documentBytesMax = 8 * 1024 * 1024;

/** One request that is known who from, on its way through an operation. */
export class Call {
  readonly id: string;
  readonly method: string;
  readonly address: Address;
  readonly headers: Readonly<IncomingHttpHeaders>;
  readonly message: IncomingMessage;
  readonly services: Services;
  readonly verifier: SignatureVerifier;
  readonly requester: Requester;
  readonly nowMs: number;
  readonly #response: ServerResponse;
  readonly #verified: Verified;
  readonly #peer: Peer | undefined;

  constructor(options: {
    readonly id: string;
    readonly address: Address;
    readonly message: IncomingMessage;
    readonly response: ServerResponse;
    readonly services: Services;
    readonly verified: Verified;
    readonly peer: Peer | undefined;
    readonly verifier: SignatureVerifier;
  }) {
    const { id, address, message, response, services, verified, peer } = options;
    this.verifier = options.verifier;
    this.id = id;
    this.method = message.method ?? "GET";
    this.address = address;
    this.headers = message.headers;
    this.message = message;
    this.services = services;
    this.nowMs = services.clock.wallMs();
    this.#response = response;
    this.#verified = verified;
    this.#peer = peer;
    const { user } = verified;
    this.requester = { user, account: user && services.accounts.of(user) };
  }

  get isPresigned(): boolean {
    return this.#verified.isPresigned;
  }

  /** The canonical id of who asks; `anonymous` for nobody. */
  get accountId(): string {
    return this.requester.account?.id ?? "anonymous";
  }

  get bucketName(): string {
    return this.address.bucket!;
  }

  get key(): string {
    return this.address.key!;
  }

  query(name: string): string | undefined {
    return this.address.query.get(name);
  }

  header(name: string): string | undefined {
    const value = this.headers[name];
    return typeof value === "string" ? value : undefined;
  }

  /** `versionId` of the query. @throws S3Error `InvalidArgument` */
  get versionId(): string | undefined {
    const id = this.query("versionId");
    if (id !== undefined && !isVersionId(id)) {
      throw new S3Error("InvalidArgument", "Invalid version id specified", {
        ArgumentName: "versionId",
        ArgumentValue: id,
      });
    }
    return id;
  }

  /** The bucket of the address, of which this may be done. @throws S3Error `NoSuchBucket`, `AccessDenied` */
  bucket(db: Database, action: S3Action, key?: string, object?: ObjectAccess): Bucket {
    const bucket = this.anyBucket(db, this.bucketName);
    this.requireExpectedOwner(bucket, "x-amz-expected-bucket-owner");
    this.authorize(bucket, action, key, object);
    return bucket;
  }

  /** A bucket, without asking who may what. @throws S3Error `NoSuchBucket` */
  anyBucket(db: Database, name: string): Bucket {
    const bucket = findBucket(db, name);
    if (bucket === undefined) throw new S3Error("NoSuchBucket", undefined, { BucketName: name });
    return bucket;
  }

  requireExpectedOwner(bucket: Bucket, header: string): void {
    const expected = this.header(header);
    const owner = this.services.accounts.byId(bucket.account);
    if (expected !== undefined && expected !== owner?.number && expected !== bucket.account) {
      throw new S3Error("AccessDenied");
    }
  }

  authorize(bucket: Bucket, action: S3Action, key?: string, object?: ObjectAccess): void {
    authorize(this.#question(bucket, action, key, object));
  }

  isAllowed(bucket: Bucket, action: S3Action, key?: string, object?: ObjectAccess): boolean {
    return isAllowed(this.#question(bucket, action, key, object));
  }

  /**
   * The bucket and the version that the address names, of which this may be done. Who may not list the bucket is not told
   * what is not in it.
   *
   * @throws S3Error `NoSuchKey`, `NoSuchVersion`, `MethodNotAllowed` (a delete marker), `AccessDenied`
   */
  object(
    db: Database,
    actions: { readonly latest: S3Action; readonly version: S3Action },
  ): { readonly bucket: Bucket; readonly version: Version } {
    const { key, versionId } = this;
    const bucket = this.anyBucket(db, this.bucketName);
    this.requireExpectedOwner(bucket, "x-amz-expected-bucket-owner");
    const action = versionId === undefined ? actions.latest : actions.version;
    const version = this.find(db, bucket, key, versionId);
    if (version === undefined || version.isMarker) {
      this.refuseAbsent(bucket, action, key, versionId, version);
    }
    this.authorize(bucket, action, key, accessOf(version));
    return { bucket, version };
  }

  find(db: Database, bucket: Bucket, key: string, versionId: string | undefined): Version | undefined {
    return versionId === undefined ? latestVersion(db, bucket, key) : versionById(db, bucket, key, versionId);
  }

  refuseAbsent(
    bucket: Bucket,
    action: S3Action,
    key: string,
    versionId: string | undefined,
    version: Version | undefined,
  ): never {
    const listing = { ...this.#question(bucket, "s3:ListBucket", undefined, undefined) };
    const value = (name: string) => (name === "s3:prefix" ? [key] : listing.value(name));
    if (!isAllowed({ ...listing, value })) throw new S3Error("AccessDenied");
    const { user } = this.requester;
    if (user !== undefined && !user.can(actionRules[action].role, bucket.name))
      throw new S3Error("AccessDenied");
    const headers: Record<string, string> = { "x-amz-delete-marker": String(version !== undefined) };
    if (version !== undefined) {
      if (bucket.versioning !== "off") headers["x-amz-version-id"] = version.versionId ?? "null";
    }
    if (versionId !== undefined && version !== undefined) {
      headers["last-modified"] = new Date(version.modifiedAt).toUTCString();
      headers.allow = "DELETE";
      throw new S3Error(
        "MethodNotAllowed",
        undefined,
        { Method: this.method, ResourceType: "DeleteMarker" },
        { headers },
      );
    }
    if (versionId !== undefined)
      throw new S3Error("NoSuchVersion", undefined, { Key: key, VersionId: versionId });
    throw new S3Error("NoSuchKey", undefined, { Key: key }, { headers });
  }

  body(options: BodyOptions): RequestBody {
    return new RequestBody(this.message, this.address.query, this.#verified, options, () => this.#continue());
  }

  /** A body that is a document. @throws S3Error `MissingRequestBodyError`, `MalformedXML` */
  async document(options: Pick<BodyOptions, "ignoresChecksum"> = {}): Promise<string> {
    const body = this.body({ wantsMd5: false, fallback: undefined, bytesMax: documentBytesMax, ...options });
    const bytes = await body.whole();
    return bytes.toString();
  }

  async xml(name?: string, options?: Pick<BodyOptions, "ignoresChecksum">): Promise<XmlElement> {
    const text = await this.document(options);
    if (text.trim() === "") throw new S3Error("MalformedXML");
    try {
      const element = parseXml(text);
      if (name !== undefined && element.name !== name) throw new S3Error("MalformedXML");
      return element;
    } catch (error) {
      if (error instanceof XmlError) throw new S3Error("MalformedXML", undefined, {}, { cause: error });
      throw error;
    }
  }

  /** A document that may be left out. */
  async peekDocument(): Promise<XmlElement | undefined> {
    const text = await this.document();
    if (text.trim() === "") return undefined;
    try {
      return parseXml(text);
    } catch (error) {
      throw new S3Error("MalformedXML", undefined, {}, { cause: error });
    }
  }

  /** The same request, as somebody else. */
  as(user: Requester["user"]): Call {
    const verified = { ...this.#verified, user };
    const { id, address, message, services, verifier } = this;
    return new Call({
      id,
      address,
      message,
      response: this.#response,
      services,
      verified,
      peer: this.#peer,
      verifier,
    });
  }

  /** Tells a client that waits for it to send the body. */
  #continue(): void {
    if (this.headers.expect?.toLowerCase() === "100-continue") this.#response.writeContinue();
  }

  #question(bucket: Bucket, action: S3Action, key: string | undefined, object: ObjectAccess | undefined) {
    return {
      requester: this.requester,
      action,
      bucket,
      key,
      object,
      value: (name: string) => this.#condition(name),
    };
  }

  /** The value of a condition key of policies. */
  #condition(name: string): readonly string[] | undefined {
    const one = (value: string | undefined) => (value === undefined ? undefined : [value]);
    switch (name) {
      case "aws:sourceip":
        return one(this.#peer?.address);
      case "aws:securetransport":
        return [String(this.#peer?.tls ?? false)];
      case "aws:useragent":
        return one(this.header("user-agent"));
      case "aws:referer":
        return one(this.header("referer"));
      case "aws:currenttime":
        return [new Date(this.nowMs).toISOString()];
      case "aws:epochtime":
        return [String(Math.floor(this.nowMs / 1000))];
      case "s3:authtype":
        return one(this.requester.user && (this.isPresigned ? "REST-QUERY-STRING" : "REST-HEADER"));
      case "s3:signatureversion":
        return ["AWS4-HMAC-SHA256"];
      case "s3:versionid":
        return one(this.query("versionId"));
      case "s3:locationconstraint":
        return undefined;
    }
    if (name.startsWith("s3:requestobjecttag/") || name === "s3:requestobjecttagkeys") {
      const tags = new URLSearchParams(this.header("x-amz-tagging") ?? "");
      if (name === "s3:requestobjecttagkeys") return tags.size === 0 ? undefined : [...tags.keys()];
      const wanted = name.slice("s3:requestobjecttag/".length);
      return one([...tags].find(([tag]) => tag.toLowerCase() === wanted)?.[1]);
    }
    if (!name.startsWith("s3:")) return undefined;
    const rest = name.slice(3);
    if (rest.startsWith("x-amz-")) return one(this.header(rest) ?? this.query(rest));
    const object = rest.startsWith("object-lock-") ? this.header(`x-amz-${rest}`) : undefined;
    return one(object ?? this.query(rest));
  }
}
