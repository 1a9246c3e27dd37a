// The image's HEALTHCHECK: exit code 0 when /readyz says so. A program of its own, because it runs every few seconds.
import { get as getHttp } from "node:http";
import { get as getHttps } from "node:https";

const { WKP_PORT, WKP_BIND, WKP_TLS_CERT } = process.env;
const bind = WKP_BIND || "127.0.0.1";
/** What listens on every address listens on this one. */
const host = bind === "0.0.0.0" || bind === "::" ? "127.0.0.1" : bind;
const get = WKP_TLS_CERT ? getHttps : getHttp;

// It is this very container that answers, by a certificate for its name outside.
get(
  { host, port: WKP_PORT || "8787", path: "/readyz", timeout: 2000, rejectUnauthorized: false },
  (response) => {
    response.resume();
    process.exitCode = response.statusCode === 200 ? 0 : 1;
  },
)
  .on("timeout", () => process.exit(1))
  .on("error", () => process.exit(1));
