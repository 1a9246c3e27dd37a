import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Makes a self-signed certificate for localhost in a folder; returns the paths of its files and what to trust. */
export function makeCertificate(folder: string): { cert: string; key: string; ca: Buffer } {
  const [cert, key] = [join(folder, "server.crt"), join(folder, "server.key")];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  execFileSync("openssl", ["req", "-x509", ...kind, ...subject, "-keyout", key, "-out", cert], {
    stdio: "pipe",
  });
  return { cert, key, ca: readFileSync(cert) };
}
