import { childOf, childrenOf, textOf, type XmlElement, xmlElement, xmlText } from "@weftkit/http-aws";
import { S3Error } from "../errors.ts";
import {
  type Acl,
  type Grant,
  type Grantee,
  type Group,
  type Permission,
  permissions,
} from "../storage/grants.ts";
import type { Accounts } from "./accounts.ts";

const groupUris: Readonly<Record<Group, string>> = {
  all: "http://acs.amazonaws.com/groups/global/AllUsers",
  authenticated: "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
  "log-delivery": "http://acs.amazonaws.com/groups/s3/LogDelivery",
};

const grantMax = 100;

export function privateAcl(owner: string): Acl {
  return [{ grantee: { type: "account", id: owner }, permission: "FULL_CONTROL" }];
}

/** The ACLs that have a name. */
export function cannedAcl(name: string, owner: string, bucketOwner: string): Acl {
  const mine = privateAcl(owner);
  const group = (of: Group, permission: Permission): Grant => ({
    grantee: { type: "group", group: of },
    permission,
  });
  const theirs = (permission: Permission): Grant[] =>
    owner === bucketOwner ? [] : [{ grantee: { type: "account", id: bucketOwner }, permission }];
  switch (name) {
    case "private":
      return mine;
    case "public-read":
      return [...mine, group("all", "READ")];
    case "public-read-write":
      return [...mine, group("all", "READ"), group("all", "WRITE")];
    case "authenticated-read":
      return [...mine, group("authenticated", "READ")];
    case "bucket-owner-read":
      return [...mine, ...theirs("READ")];
    case "bucket-owner-full-control":
      return [...mine, ...theirs("FULL_CONTROL")];
    case "log-delivery-write":
      return [...mine, group("log-delivery", "WRITE"), group("log-delivery", "READ_ACP")];
    case "aws-exec-read":
      return mine;
    default:
      throw new S3Error("InvalidArgument", undefined, { ArgumentName: "x-amz-acl", ArgumentValue: name });
  }
}

export function grants(acl: Acl, account: string | undefined, permission: Permission): boolean {
  return acl.some(({ grantee, permission: given }) => {
    if (given !== permission && given !== "FULL_CONTROL") return false;
    if (grantee.type === "account") return grantee.id === account;
    return grantee.group === "all" || (grantee.group === "authenticated" && account !== undefined);
  });
}

/** Whether it lets in others than accounts that are named. */
export function isPublicAcl(acl: Acl): boolean {
  return acl.some(({ grantee }) => grantee.type === "group" && grantee.group !== "log-delivery");
}

export function withoutGroups(acl: Acl): Acl {
  return acl.filter(({ grantee }) => grantee.type === "account");
}

const grantHeaders: readonly (readonly [string, Permission])[] = [
  ["x-amz-grant-full-control", "FULL_CONTROL"],
  ["x-amz-grant-read", "READ"],
  ["x-amz-grant-write", "WRITE"],
  ["x-amz-grant-read-acp", "READ_ACP"],
  ["x-amz-grant-write-acp", "WRITE_ACP"],
];

/** The ACL that a request's headers ask for; undefined when they ask for none. */
export function aclOfHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  accounts: Accounts,
  owner: string,
  bucketOwner: string,
): Acl | undefined {
  const canned = headers["x-amz-acl"];
  const acl: Grant[] = [];
  for (const [name, permission] of grantHeaders) {
    const value = headers[name];
    if (typeof value !== "string") continue;
    for (const one of value.split(","))
      acl.push({ grantee: granteeOfHeader(one, name, accounts), permission });
  }
  if (typeof canned === "string") {
    if (acl.length > 0)
      throw new S3Error("InvalidRequest", "Specifying both Canned ACLs and Header Grants is not allowed");
    return cannedAcl(canned, owner, bucketOwner);
  }
  return acl.length === 0 ? undefined : acl;
}

function granteeOfHeader(text: string, header: string, accounts: Accounts): Grantee {
  const match = /^\s*(id|uri|emailAddress)\s*=\s*"?([^"]*)"?\s*$/i.exec(text);
  const [, kind = "", value = ""] = match ?? [];
  switch (kind.toLowerCase()) {
    case "id":
      return accountGrantee(accounts, value);
    case "uri":
      return groupGrantee(value);
    case "emailaddress":
      return emailGrantee(accounts, value);
    default:
      throw new S3Error("InvalidArgument", "Argument format not recognized", {
        ArgumentName: header,
        ArgumentValue: text.trim(),
      });
  }
}

function accountGrantee(accounts: Accounts, id: string): Grantee {
  if (accounts.byId(id) === undefined) {
    throw new S3Error("InvalidArgument", "Invalid id", {
      ArgumentName: "CanonicalUser/ID",
      ArgumentValue: id,
    });
  }
  return { type: "account", id };
}

function groupGrantee(uri: string): Grantee {
  const found = Object.entries(groupUris).find(([, known]) => known === uri);
  if (found === undefined) {
    throw new S3Error("InvalidArgument", "Invalid group uri", {
      ArgumentName: "Group/URI",
      ArgumentValue: uri,
    });
  }
  return { type: "group", group: found[0] as Group };
}

function emailGrantee(accounts: Accounts, address: string): Grantee {
  const account = accounts.byEmail(address);
  if (account === undefined) throw new S3Error("UnresolvableGrantByEmailAddress");
  return { type: "account", id: account.id };
}

/** Reads `<AccessControlPolicy>`; the owner in it must be the one that there is. */
export function readAcl(policy: XmlElement, accounts: Accounts, owner: string): Acl {
  const list = childOf(policy, "AccessControlList");
  if (policy.name !== "AccessControlPolicy" || list === undefined) throw new S3Error("MalformedACLError");
  const given = childOf(policy, "Owner");
  const id = given === undefined ? undefined : textOf(given, "ID");
  if (id === undefined) throw new S3Error("MalformedACLError");
  if (id !== owner) throw new S3Error("AccessDenied");
  const found = childrenOf(list, "Grant");
  if (found.length > grantMax) throw new S3Error("MalformedACLError");
  return found.map((grant) => {
    const grantee = childOf(grant, "Grantee");
    const permission = textOf(grant, "Permission") as Permission;
    if (grantee === undefined || !permissions.includes(permission)) throw new S3Error("MalformedACLError");
    switch (grantee.attributes.get("type")) {
      case "CanonicalUser":
        return { grantee: accountGrantee(accounts, textOf(grantee, "ID") ?? ""), permission };
      case "Group":
        return { grantee: groupGrantee(textOf(grantee, "URI") ?? ""), permission };
      case "AmazonCustomerByEmail":
        return { grantee: emailGrantee(accounts, textOf(grantee, "EmailAddress") ?? ""), permission };
      default:
        throw new S3Error("MalformedACLError");
    }
  });
}

export function ownerXml(accounts: Accounts, id: string, name = "Owner"): string {
  return xmlElement(name, xmlText("ID", id), xmlText("DisplayName", accounts.nameOf(id)));
}

const instance = `xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`;

/** The content of `<AccessControlPolicy>`. */
export function aclXml(acl: Acl, accounts: Accounts, owner: string): string {
  // Groups first: the order that clients know, of which none is promised.
  const ordered = [...acl.filter(({ grantee }) => grantee.type === "group"), ...withoutGroups(acl)];
  const grantsXml = ordered.map(({ grantee, permission }) => {
    const who =
      grantee.type === "account"
        ? `<Grantee ${instance} xsi:type="CanonicalUser">${xmlText("ID", grantee.id)}${xmlText("DisplayName", accounts.nameOf(grantee.id))}</Grantee>`
        : `<Grantee ${instance} xsi:type="Group">${xmlText("URI", groupUris[grantee.group])}</Grantee>`;
    return xmlElement("Grant", who, xmlText("Permission", permission));
  });
  return ownerXml(accounts, owner) + xmlElement("AccessControlList", ...grantsXml);
}
