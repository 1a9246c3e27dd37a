export type { Authenticator, CertificateIdentity, UserEntry } from "./authenticator.ts";
export type { Action, SecurityContext } from "./security-context.ts";
