export const permissions = ["FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP"] as const;

export type Permission = (typeof permissions)[number];

/** `all` is everybody, `authenticated` who has signed. */
export type Group = "all" | "authenticated" | "log-delivery";

export type Grantee =
  | { readonly type: "account"; readonly id: string }
  | { readonly type: "group"; readonly group: Group };

export interface Grant {
  readonly grantee: Grantee;
  readonly permission: Permission;
}

/** Who may do what; the owner stands with what the ACL is of, and has what is granted here, too. */
export type Acl = readonly Grant[];
