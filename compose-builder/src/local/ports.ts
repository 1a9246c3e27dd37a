import { createServer } from "node:net";

/** Why nobody could listen there now. */
export interface PortProblem {
  /** The end of a sentence that begins with the port. */
  readonly text: string;
  /** Whether another port would do. */
  readonly isOfPort: boolean;
}

const problems: Readonly<Record<string, PortProblem>> = {
  EADDRINUSE: { text: "is taken by another program", isOfPort: true },
  EACCES: { text: "needs more rights", isOfPort: true },
  EADDRNOTAVAIL: { text: "is on an address that this machine does not have", isOfPort: false },
  ENOTFOUND: { text: "is on a name that nobody knows", isOfPort: false },
};

/** Undefined when one can listen there now. */
export function portProblem(host: string, port: number): Promise<PortProblem | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", ({ code = "" }: NodeJS.ErrnoException) => {
      resolve(problems[code] ?? { text: `cannot be listened on (${code})`, isOfPort: false });
    });
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
