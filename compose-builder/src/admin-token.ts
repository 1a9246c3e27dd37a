import { readFileSync } from "node:fs";
import { Failure } from "./terminal/failure.ts";

/** The token of an admin port, from its file or the variables that its program has. @throws Failure `usage` without one */
export function adminToken({ adminTokenFile }: { readonly adminTokenFile?: string }): string {
  const file = adminTokenFile ?? process.env.WEFTKIT_ADMIN_TOKEN_FILE;
  const token = file === undefined ? process.env.WEFTKIT_ADMIN_TOKEN : readFileSync(file, "utf8").trim();
  if (token === undefined || token === "")
    throw new Failure(
      "usage",
      "the admin token is missing",
      "Set WEFTKIT_ADMIN_TOKEN, or --admin-token-file.",
    );
  return token;
}
