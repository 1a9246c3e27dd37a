import neo4j, { type Config, type Driver, type ResultSummary, type Record as Row } from "neo4j-driver";
import { PlaygroundError } from "../../errors.ts";
import type { Connection } from "../../sessions/session.ts";

const timeoutMs = 5000;
/** A query that takes longer is ended by the engine. */
const queryMsMax = 600_000;

export interface GraphLogin {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Undefined for plain TCP. */
  readonly tls: { readonly verify: boolean; readonly caFile: string | undefined } | undefined;
}

/** What a session has open at Bolt: each query has a session of the driver's, so that several may run. */
export class GraphConnection implements Connection {
  readonly #driver: Driver;

  private constructor(driver: Driver) {
    this.#driver = driver;
  }

  /** @throws PlaygroundError */
  static async open({ host, port, user, password, tls }: GraphLogin): Promise<GraphConnection> {
    const address = host.includes(":") ? `[${host}]` : host;
    const trust: Config =
      tls === undefined
        ? { encrypted: false }
        : !tls.verify
          ? { encrypted: true, trust: "TRUST_ALL_CERTIFICATES" }
          : tls.caFile === undefined
            ? { encrypted: true, trust: "TRUST_SYSTEM_CA_SIGNED_CERTIFICATES" }
            : {
                encrypted: true,
                trust: "TRUST_CUSTOM_CA_SIGNED_CERTIFICATES",
                trustedCertificates: [tls.caFile],
              };
    const token =
      password === "" ? { scheme: "none", principal: "", credentials: "" } : neo4j.auth.basic(user, password);
    const driver = neo4j.driver(`bolt://${address}:${port}`, token, {
      ...trust,
      maxConnectionPoolSize: 4,
      connectionTimeout: timeoutMs,
      connectionAcquisitionTimeout: timeoutMs,
      telemetryDisabled: true,
      userAgent: "weftkit-playground",
    });
    try {
      await driver.verifyConnectivity();
    } catch (error) {
      await driver.close();
      throw toPlaygroundError(error);
    }
    return new GraphConnection(driver);
  }

  /**
   * Runs a query in a transaction of its own, and gives its rows one after another until `take` says false; then the engine is
   * told that no more are wanted. It is ended when `signal` is aborted.
   *
   * @throws PlaygroundError `engine_refused` with what the engine said
   */
  async run(
    query: string,
    parameters: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
    take: (row: Row) => boolean,
  ): Promise<{ columns: readonly string[]; summary: ResultSummary | undefined }> {
    const session = this.#driver.session({ fetchSize: 200 });
    // Closing a session resets its connection, which ends what runs there.
    const stop = () => void session.close().catch(() => {});
    signal.addEventListener("abort", stop);
    try {
      const result = session.run(query, parameters, { timeout: queryMsMax });
      const columns = (await result.keys()) as string[];
      const rows = result[Symbol.asyncIterator]();
      for (;;) {
        const next = await rows.next();
        if (next.done) return { columns, summary: next.value as ResultSummary | undefined };
        if (take(next.value)) continue;
        const last = await rows.return!();
        return { columns, summary: last.value as ResultSummary | undefined };
      }
    } catch (error) {
      throw toPlaygroundError(error);
    } finally {
      signal.removeEventListener("abort", stop);
      await session.close().catch(() => {});
    }
  }

  async close(): Promise<void> {
    await this.#driver.close().catch(() => {});
  }
}

function toPlaygroundError(error: unknown): PlaygroundError {
  if (error instanceof PlaygroundError) return error;
  const { code, message } = error as { code?: string; message: string };
  if (code?.startsWith("Neo.") === true) {
    const place = /\(line (\d+), column (\d+) \(offset: (\d+)\)\)/.exec(message)?.[3];
    return new PlaygroundError("engine_refused", message, {
      engineCode: code,
      ...(place !== undefined && { position: Number(place) + 1 }),
    });
  }
  return new PlaygroundError(
    "engine_unreachable",
    `the connection to the engine is lost: ${message}`,
    {},
    { cause: error },
  );
}
