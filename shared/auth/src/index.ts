export {
  type Authenticator,
  type AuthOptions,
  createAuthenticator,
  type OpenAuthenticator,
  type UserEntry,
} from "./authenticator.ts";
export type { CertificateIdentity } from "./certificate.ts";
export { contextOf, type Role, superuser } from "./roles.ts";
export { saslPrepare } from "./saslprep.ts";
export {
  makeVerifier,
  makeVerifierNow,
  matchesVerifier,
  parseVerifier,
  type ScramVerifier,
  unmatchableVerifier,
  verifierText,
} from "./scram.ts";
export { type ScramAccount, ScramExchange, type ScramOptions, type ScramOutcome } from "./scram-exchange.ts";
export { type Action, actions, type Scope, type SecurityContext } from "./security-context.ts";
