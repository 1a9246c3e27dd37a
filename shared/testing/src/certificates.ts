import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** Files of a certificate and of its key. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Makes a certificate for localhost and 127.0.0.1, signed by `issuer` or by itself. */
export function makeCertificate(folder: string, name: string, issuer?: Certificate): Certificate {
  const made = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  const authority = issuer === undefined ? [] : ["-CA", issuer.cert, "-CAkey", issuer.key];
  const parameters = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const names = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const files = ["-keyout", made.key, "-out", made.cert];
  execFileSync("openssl", ["req", "-x509", ...parameters, ...names, ...authority, ...files], {
    stdio: "pipe",
  });
  return made;
}
