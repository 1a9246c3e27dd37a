import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Contender, startContender, startEngine } from "../contender.ts";
import { accessKey, secretKey } from "./signed-request.ts";

/** A write is on the disk before it is answered. */
export function startWeftkit(): Promise<Contender> {
  return startEngine("filestore", get, { WEFTKIT_USER: accessKey, WEFTKIT_PASSWORD: secretKey });
}

/** versitygw on a folder; it does not wait for the disk. `program` is its binary. */
export function startVersitygw(program: string): Promise<Contender> {
  return startContender("versitygw", program, get, (port, folder) => {
    mkdirSync(join(folder, "data"));
    return {
      args: ["--port", `127.0.0.1:${port}`, "--quiet", "posix", join(folder, "data")],
      env: { ROOT_ACCESS_KEY: accessKey, ROOT_SECRET_KEY: secretKey, HOME: folder },
    };
  });
}

function get(port: number): Promise<unknown> {
  return fetch(`http://127.0.0.1:${port}/`);
}
