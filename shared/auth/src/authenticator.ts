import type { SecurityContext } from "./security-context.ts";

/** A user as an engine may list it (ACL LIST, pg_roles); never with anything derived from the password. */
export interface UserEntry {
  readonly name: string;
  readonly roles: readonly string[];
  readonly hasPassword: boolean;
}

/** The part of a client certificate that says who it is; `tls.PeerCertificate` has this shape. */
export interface CertificateIdentity {
  readonly subject?: { readonly CN?: string | string[] } | undefined;
  /** As Node writes it: "DNS:app.internal, email:app@example.com". */
  readonly subjectaltname?: string | undefined;
}

/** Decides who a client is. Every method answers `undefined` for "no", whatever the reason. */
export interface Authenticator {
  readonly method: "password" | "jwt" | "mtls" | "none";
  /** The superuser that everybody is; set when and only when `method` is `none`. */
  readonly anonymous: SecurityContext | undefined;
  /** Who a login without a user name means (Redis `AUTH password`); undefined when nobody can log in so. */
  readonly defaultUser: string | undefined;
  /** Checks a password; takes as long for an unknown user as for a known one. With method `jwt`, `password` is a token of that user's. */
  verifyPassword(user: string, password: string | Uint8Array): Promise<SecurityContext | undefined>;
  /** Checks a JSON Web Token: signature, `exp`, `nbf`, issuer and audience. */
  verifyToken(jwt: string): Promise<SecurityContext | undefined>;
  /** The user that a certificate, already verified against the client CA, stands for. */
  fromCertificate(certificate: CertificateIdentity): SecurityContext | undefined;
  /** The configured users, by name. */
  users(): readonly UserEntry[];
}
