import { createAuthenticator, type OpenAuthenticator } from "@weftkit/auth";
import {
  type Config,
  ConfigError,
  type EngineName,
  type Environment,
  engineNames,
  type Mistake,
  type ProgramName,
} from "@weftkit/config";
import { createLogger } from "@weftkit/observe";
import { openDiscoveryLink } from "./discovery-link.ts";
import { readTls } from "./tls.ts";

/**
 * Checks what an image checks before it opens anything, and opens nothing: certificates, users and roles, persistence, discovery. Without an
 * image it is what holds for every engine, but that somebody must be able to log in: `weftkit up` makes a password where there is none.
 *
 * @throws ConfigError with every mistake at once
 */
export async function checkConfig(
  config: Config,
  image: ProgramName | undefined,
  env: Environment,
): Promise<void> {
  const log = createLogger({
    level: "silent",
    image: image ?? "config",
    node: "",
    stream: { write: () => {} },
  });
  const isEngine = image === undefined || isEngineName(image);
  const hasUsers = config.auth.users.length > 0 || config.auth.users_file !== undefined;
  const authenticates = isEngine && (image !== undefined || hasUsers || config.auth.password !== undefined);
  await allOrMistakes(
    () => readTls(config),
    async () => {
      if (authenticates) (await createAuthenticator({ config: config.auth, log, env })).close();
    },
    () => (isEngine ? checkPersistence(config, image ?? "engine") : undefined),
    () => openDiscoveryLink(config, image ?? "inmemory", log)?.close(),
  );
}

/** @throws ConfigError for mistakes of `[persist]`, where it is on */
export async function checkPersistence({ persist }: Config, engine: string): Promise<undefined> {
  if (persist.mode === "disabled") return;
  const { readSettings } = await import("@weftkit/persist");
  readSettings(persist, engine);
}

/**
 * Does several things of which each may find mistakes, and reports those of all together. What was opened beside one that failed is
 * closed.
 *
 * @throws ConfigError, or the first error that is none
 */
export async function allOrMistakes<Results extends readonly unknown[]>(
  ...steps: { [Index in keyof Results]: () => Results[Index] | Promise<Results[Index]> }
): Promise<Results> {
  const results = await Promise.allSettled(steps.map(async (step) => await step()));
  const errors = results.flatMap((result) =>
    result.status === "rejected" ? [result.reason as unknown] : [],
  );
  if (errors.length === 0) {
    return results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as unknown as Results;
  }
  for (const result of results) {
    if (result.status === "fulfilled") (result.value as Partial<OpenAuthenticator> | undefined)?.close?.();
  }
  const unexpected = errors.find((error) => !(error instanceof ConfigError));
  if (unexpected !== undefined) throw unexpected;
  const mistakes: readonly Mistake[] = errors.flatMap((error) => (error as ConfigError).mistakes);
  throw new ConfigError(mistakes);
}

function isEngineName(name: ProgramName): name is EngineName {
  return engineNames.some((engine) => engine === name);
}
