import { createServer } from "node:net";

const problems: Readonly<Record<string, string>> = {
  EADDRINUSE: "is taken by another program",
  EACCES: "needs more rights",
  EADDRNOTAVAIL: "is on an address that this machine does not have",
};

/** Why nobody could listen there now, as the end of a sentence; undefined when one can. */
export function portProblem(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", ({ code = "" }: NodeJS.ErrnoException) => {
      resolve(problems[code] ?? `cannot be listened on (${code})`);
    });
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
