import type { SecurityContext } from "@weftkit/auth";
import type { CompressorName } from "@weftkit/wire-mongo";
import type { Doc } from "../bson/values.ts";
import type { Authentication } from "./authentication-steps.ts";

/** What is known of one client's connection. */
export interface ConnectionState {
  readonly id: number;
  readonly remote: string;
  /** The address and port that the client reached this server at. */
  readonly local: string;
  readonly isTls: boolean;
  readonly startedMs: number;
  /** The name that its certificate stands for. */
  readonly certificate: SecurityContext | undefined;
  user: SecurityContext | undefined;
  /** The databases that it logged in at, for connectionStatus. */
  userDb: string;
  login: { id: number; exchange: Authentication } | undefined;
  /** What its driver said about itself. */
  client: Doc | undefined;
  /** Agreed on in hello. */
  compressor: CompressorName | undefined;
}
