import type { Deployment, EngineService } from "../deployment/model.ts";
import { secretName, userName } from "../deployment/plan.ts";
import { connectionUrl, credentialsOf } from "../images.ts";
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

A service of yours waits for the database like this:

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
export function fromHost({ engine, port }: EngineService): string {
  return connectionUrl(engine, {
    host: reachable(port.address),
    port: port.host,
    login: { user: userName, password: `$(cat secrets/${secretName(engine)})` },
  });
}

/** What goes beside the connection string, the password read by the shell. */
function credentialsText({ engine }: EngineService): string {
  const text = credentialsOf(engine, { user: userName, password: `$(cat secrets/${secretName(engine)})` });
  return text === undefined ? "" : ` with \`${text}\``;
}

function fromNetwork({ engine, name, port }: EngineService): string {
  return connectionUrl(engine, {
    host: name,
    port: port.container,
    login: { user: userName, password: "PASSWORD" },
  });
}

/** An address that a client can connect to, for one that servers listen on. */
function reachable(address: string): string {
  return address === "0.0.0.0" ? "127.0.0.1" : address === "::" ? "::1" : address;
}
