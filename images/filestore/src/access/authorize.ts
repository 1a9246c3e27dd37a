import type { SecurityContext } from "@weftkit/auth";
import { S3Error } from "../errors.ts";
import type { Bucket } from "../storage/buckets.ts";
import type { Acl } from "../storage/grants.ts";
import type { Account } from "./accounts.ts";
import { grants, withoutGroups } from "./acl.ts";
import { type ActionRule, actionRules, type S3Action } from "./actions.ts";
import { evaluate, isPublicPolicy, type Policy, readPolicy, type Verdict } from "./policy.ts";

/** Who asks. */
export interface Requester {
  /** Undefined for a request that nobody has signed. */
  readonly user: SecurityContext | undefined;
  readonly account: Account | undefined;
}

/** What of an object decides about it. */
export interface ObjectAccess {
  readonly owner: string;
  readonly acl: Acl;
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

export interface AccessQuestion {
  readonly requester: Requester;
  readonly action: S3Action;
  readonly bucket: Bucket;
  readonly key?: string | undefined;
  /** Of the object that is there. */
  readonly object?: ObjectAccess | undefined;
  /** Values of condition keys, in lower case. */
  value(key: string): readonly string[] | undefined;
}

/** Policies that were read before, by their text; more than this, and the first is read again. */
const policies = new Map<string, Policy>();
const policiesMax = 1000;

export function policyOf({ name, settings }: Bucket): Policy | undefined {
  if (settings.policy === undefined) return undefined;
  const id = `${name}\n${settings.policy}`;
  let policy = policies.get(id);
  if (policy === undefined) {
    policy = readPolicy(settings.policy, name);
    policies.set(id, policy);
    if (policies.size > policiesMax) policies.delete(policies.keys().next().value!);
  }
  return policy;
}

/** @throws S3Error `AccessDenied` */
export function authorize(question: AccessQuestion): void {
  if (!isAllowed(question)) throw new S3Error("AccessDenied");
}

/**
 * Whether a request may do what it asks for. In this order: the user's roles bound everything; a denial in the bucket's policy
 * ends it, an allowance decides it; then it is a matter of the owner's account and of ACLs.
 */
export function isAllowed(question: AccessQuestion): boolean {
  const { requester, action, bucket, object } = question;
  const { user, account } = requester;
  const rule: ActionRule = actionRules[action];
  if (user !== undefined && !user.can(rule.role, bucket.name)) return false;
  const isOwner = account?.id === bucket.account;
  switch (policyVerdict(question)) {
    case "deny":
      // The owner can always put a policy right that shuts everybody out.
      return isOwner && policyActions.has(action);
    case "allow":
      return true;
  }
  const { settings } = bucket;
  const ignoresAcls = settings.ownership === "BucketOwnerEnforced";
  const belongsToBucket = ignoresAcls || object === undefined || object.owner === bucket.account;
  if (isOwner && (rule.acl?.of !== "object" || belongsToBucket)) return true;
  if (!ignoresAcls && object !== undefined && rule.acl?.of !== "bucket" && account?.id === object.owner) {
    return true;
  }
  if (rule.acl === undefined || ignoresAcls) return false;
  const acl = rule.acl.of === "bucket" ? settings.acl : object?.acl;
  if (acl === undefined) return false;
  const visible = settings.publicAccess?.ignorePublicAcls === true ? withoutGroups(acl) : acl;
  return grants(visible, account?.id, rule.acl.permission);
}

const policyActions: ReadonlySet<S3Action> = new Set([
  "s3:GetBucketPolicy",
  "s3:PutBucketPolicy",
  "s3:DeleteBucketPolicy",
]);

function policyVerdict(question: AccessQuestion): Verdict {
  const { requester, action, bucket, key, object } = question;
  const policy = policyOf(bucket);
  if (policy === undefined) return "none";
  const { user, account } = requester;
  const isOwner = account?.id === bucket.account;
  const verdict = evaluate(policy, {
    principals: principalsOf(requester),
    action,
    resource: `arn:aws:s3:::${bucket.name}${key === undefined ? "" : `/${key}`}`,
    value: (name) => {
      if (name.startsWith("s3:existingobjecttag/")) {
        const tag = name.slice("s3:existingobjecttag/".length);
        const found = Object.entries(object?.tags ?? {}).find(([known]) => known.toLowerCase() === tag);
        return found && [found[1]];
      }
      if (name === "aws:username") return user && [user.user];
      if (name === "aws:userid" || name === "aws:principalaccount")
        return account && [account.id, account.number];
      return question.value(name);
    },
  });
  if (verdict === "allow" && !isOwner && bucket.settings.publicAccess?.restrictPublicBuckets === true) {
    return isPublicPolicy(policy) ? "none" : verdict;
  }
  return verdict;
}

function principalsOf({ user, account }: Requester): string[] {
  if (user === undefined || account === undefined) return ["*"];
  const { id, name, number } = account;
  const names = ["*", id, name, number];
  for (const one of [number, id, name, ""]) {
    names.push(
      `arn:aws:iam::${one}:root`,
      `arn:aws:iam::${one}:user/${user.user}`,
      `arn:aws:iam::${one}:user/${id}`,
    );
  }
  return names;
}
