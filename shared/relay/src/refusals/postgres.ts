import { BackendWriter } from "@weftkit/wire-postgres";
import { type RefusalReason, refusalTexts } from "./reason.ts";

/** SQLSTATEs as PostgreSQL and pgbouncer use them (appendix A of PostgreSQL's manual). */
const codes: Readonly<Record<RefusalReason, string>> = {
  no_route: "08004",
  no_backend: "57P03",
  max_connections: "53300",
  rate: "53300",
  tls_required: "28000",
  shutting_down: "57P01",
};

/** ErrorResponse of a connection that ends with it. */
export function postgresRefusal(reason: RefusalReason): Buffer {
  const writer = new BackendWriter();
  const hint =
    reason === "no_route"
      ? "Routes are told apart by database, user and the server's name (SNI): see the gateway's configuration."
      : undefined;
  writer.error({ severity: "FATAL", code: codes[reason], message: refusalTexts[reason], hint });
  return writer.take();
}
