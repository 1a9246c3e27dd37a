// The images' HEALTHCHECK: exit code 0 when /readyz says so. It is a program of its own, bundled beside main.mjs, and
// loads nothing but node:http, because it starts every few seconds.
import { get } from "node:http";

const { WEFTKIT_ADMIN_PORT, WEFTKIT_SERVER_ADMIN_PORT, WEFTKIT_ADMIN_BIND, WEFTKIT_SERVER_ADMIN_BIND } =
  process.env;
const port = WEFTKIT_ADMIN_PORT || WEFTKIT_SERVER_ADMIN_PORT || "9464";
const bind = WEFTKIT_ADMIN_BIND || WEFTKIT_SERVER_ADMIN_BIND || process.env.WEFTKIT_BIND || "0.0.0.0";
/** What listens on every address listens on this one. */
const host = bind === "0.0.0.0" || bind === "::" ? "127.0.0.1" : bind;

get({ host, port, path: "/readyz", timeout: 2000 }, (response) => {
  response.resume();
  process.exitCode = response.statusCode === 200 ? 0 : 1;
})
  .on("timeout", () => process.exit(1))
  .on("error", () => process.exit(1));
