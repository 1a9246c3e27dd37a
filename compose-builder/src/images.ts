import {
  type BuiltEngineName,
  type EngineDeployment,
  type EngineDescription,
  engineNames,
  engines,
  type EngineName as KnownEngineName,
} from "@weftkit/config";

/** An engine that runs today, and what is needed to deploy it. */
export interface BuiltImage extends EngineDeployment {
  readonly title: string;
  /** The default data port. */
  readonly port: number;
}

/** An engine that can be deployed and run. */
export type EngineName = BuiltEngineName;

const descriptions: Readonly<Record<KnownEngineName, EngineDescription>> = engines;

/** Their names. */
export const builtEngineNames = engineNames.filter(
  (name): name is EngineName => descriptions[name].deployment !== undefined,
);

export const builtEngines = Object.fromEntries(
  builtEngineNames.map((name): [EngineName, BuiltImage] => {
    const { title, port, deployment } = engines[name];
    return [name, { title, port, ...deployment }];
  }),
) as Record<EngineName, BuiltImage>;

/** The rest of the fleet, by name, with what each is: refused by name, so that nobody looks for a typing error. */
export const plannedImages: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    engineNames.flatMap((name) =>
      descriptions[name].deployment === undefined ? [[name, descriptions[name].title]] : [],
    ),
  ),
  discovery: "who is there",
};

/** The string a driver connects with; without a login when everybody may do everything. */
export function connectionUrl(
  engine: EngineName,
  to: { host: string; port: number; tls?: boolean; login?: { user: string; password: string } },
): string {
  const { schemes, path, login } = builtEngines[engine].connection;
  const host = to.host.includes(":") ? `[${to.host}]` : to.host;
  const before = to.login === undefined ? "" : login(to.login.user, to.login.password);
  return `${schemes[to.tls === true ? 1 : 0]}://${before}${host}:${to.port}${path}`;
}

/** What a client is given beside the connection string; undefined where that has the login. */
export function credentialsOf(
  engine: EngineName,
  login: { user: string; password: string } | undefined,
): string | undefined {
  if (login === undefined) return undefined;
  return builtEngines[engine].connection.credentials?.(login.user, login.password);
}
