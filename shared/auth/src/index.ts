export {
  type Authenticator,
  type AuthOptions,
  createAuthenticator,
  type OpenAuthenticator,
  type UserEntry,
} from "./authenticator.ts";
export type { CertificateIdentity } from "./certificate.ts";
export { ScramExchange, type ScramOptions, type ScramOutcome } from "./scram-exchange.ts";
export { type Action, actions, type Scope, type SecurityContext } from "./security-context.ts";
