import { userName } from "../deployment/hardening.ts";
import type { Deployment, EngineService, FrontService, PublishedPort, Secret } from "../deployment/model.ts";
import { connectionUrl, credentialsOf, type EngineName } from "../images.ts";
import { persistenceChapter, removalNote } from "./readme-persistence.ts";

/** README.md: how to start, connect and stop. It names where a password is, never the password. */
export function renderReadme(deployment: Deployment): string {
  const { engines } = deployment;
  const first = engines[0]!;
  return `# ${deployment.name}

\`\`\`sh
docker compose up -d --wait    # start, until everything serves
docker compose ps              # health
docker compose logs -f         # what happens
docker compose down            # stop; the data stays in its volumes
\`\`\`

${removalNote(deployment)}

## Connect

User \`${userName}\`; the passwords are in \`secrets/\`. From this machine:

| service | connection string |
| --- | --- |
${engines.map((service) => `| ${service.name} | \`${fromHost(service)}\`${credentialsText(service)} |`).join("\n")}

From a container of the same project, with the service's name and the engine's own port:

| service | connection string |
| --- | --- |
${engines.map((service) => `| ${service.name} | \`${fromNetwork(service)}\` |`).join("\n")}

${frontChapter(deployment)}A service of yours waits for the database like this:

\`\`\`yaml
depends_on:
  ${first.name}:
    condition: service_healthy
\`\`\`

${persistenceChapter(deployment)}## Files

| file | what it is |
| --- | --- |
| docker-compose.yml | the services; \`weftkit compose\` never overwrites what you edited, unless told to with --force |
| .env | which image each service runs: change the tag, then \`docker compose up -d --wait\` |
| secrets/ | generated passwords and keys: keep the folder out of version control |

To change a password, write it to its file and run \`docker compose up -d --force-recreate --wait\`.
`;
}

/** The connection string from this machine, its password read from the file by the shell. */
export function fromHost({ engine, ports: [port], password }: EngineService): string {
  return urlAt(engine, port, password);
}

function urlAt(engine: EngineName, port: PublishedPort, password: Secret): string {
  return connectionUrl(engine, {
    host: reachable(port.address),
    port: port.host,
    login: { user: userName, password: `$(cat secrets/${password.name})` },
  });
}

/** How a service before the engines is reached from this machine. */
export function entrancesFromHost(service: FrontService, engines: readonly EngineService[]): string[] {
  return service.entrances.map(({ engine, port }) =>
    engine === undefined
      ? `http://${hostOf(port)}:${port.host}`
      : urlAt(engine, port, engines.find((one) => one.engine === engine)!.password),
  );
}

/** The chapter on what stands before the engines; empty where nothing does. */
function frontChapter({ front, engines }: Deployment): string {
  if (front.length === 0) return "";
  const rows = front.flatMap((service) =>
    entrancesFromHost(service, engines).map((url) => `| ${service.name}, ${service.title} | \`${url}\` |`),
  );
  const [first] = engines.filter(({ ordinal }) => ordinal > 0);
  const note =
    first === undefined
      ? ""
      : `\n\nGateway and pool lead to the first instance of an engine: \`${first.name}\` has other data, and is reached directly.`;
  return `Before the engines:

| service | from this machine |
| --- | --- |
${rows.join("\n")}${note}

`;
}

/** What goes beside the connection string, the password read by the shell. */
function credentialsText({ engine, password }: EngineService): string {
  const text = credentialsOf(engine, { user: userName, password: `$(cat secrets/${password.name})` });
  return text === undefined ? "" : ` with \`${text}\``;
}

function fromNetwork({ engine, name, ports: [port] }: EngineService): string {
  return connectionUrl(engine, {
    host: name,
    port: port.container,
    login: { user: userName, password: "PASSWORD" },
  });
}

function hostOf(port: PublishedPort): string {
  const host = reachable(port.address);
  return host.includes(":") ? `[${host}]` : host;
}

/** An address that a client can connect to, for one that servers listen on. */
function reachable(address: string): string {
  return address === "0.0.0.0" ? "127.0.0.1" : address === "::" ? "::1" : address;
}
