import type { Deployment, Persistence } from "../deployment/model.ts";
import { encryptionKey, keyId, persistSecret } from "../deployment/persistence.ts";

type Pushing = Exclude<Persistence, { mode: "disabled" }>;

/** What `docker compose down --volumes` takes away. */
export function removalNote({ persistence }: Deployment): string {
  const command = "`docker compose down --volumes`";
  if (persistence.mode === "disabled") return `${command} also deletes the data.`;
  if (persistence.service === undefined) {
    return `${command} deletes the engines' volumes too; the next \`up\` restores their states from ${persistence.url}.`;
  }
  return `${command} deletes the engines' volumes **and that of \`${persistence.service}\`, with every state in it**.
To start an engine over from its pushed state, remove the engine's own volume only.`;
}

/** The chapter on states outside of the engines' volumes; empty where there are none. */
export function persistenceChapter(deployment: Deployment): string {
  const { persistence, engines } = deployment;
  if (persistence.mode === "disabled") return "";
  return `## State outside of the containers

Each engine pushes to ${persistence.url}${persistence.service === undefined ? "" : ` (the service \`${persistence.service}\`)`} what was written: by the schedule
\`${persistence.schedule}\`, whenever that is 32 MB, and right before it ends. It restores when it starts on an empty volume.

| what happens | what is lost |
| --- | --- |
| \`docker compose down\`, then \`up\` | nothing |
| a container is killed, its volume stays | nothing that was acknowledged (see \`appendfsync\`) |
| an engine's volume is gone after a clean stop | nothing |
| an engine's volume is gone without a stop | what was written after the last push |
${persistence.service === undefined ? "" : `| the volume of \`${persistence.service}\` is gone as well | everything that is on no engine's volume |\n`}
An engine that ends with exit code 75 could not push everything: what is missing is on its volume, and the next start
pushes it. Keep the volume until then.

| service | place in the store |
| --- | --- |
${engines.map(({ name, engine, ordinal }) => `| ${name} | \`${persistence.namespace}/${engine}/${ordinal}\` |`).join("\n")}

From this machine (\`npx weftkit\` in a clone of WeftKit):

\`\`\`sh
npx weftkit persist status --url ${urlFromHost(deployment)} \\
  --secret-file secrets/${persistSecret.name} --subtree ${persistence.namespace}/${engines[0]!.engine}/0${encryptionFlag(persistence)}
\`\`\`

\`ls\`, \`verify\`, \`restore\` and \`prune\` take the same flags.

${keysParagraph(persistence)}

`;
}

function keysParagraph(persistence: Pushing): string {
  const { service, encrypted } = persistence;
  const shared =
    service === undefined
      ? `\`secrets/${persistSecret.name}\` signs every request, and the function must know it, as the key \`${keyId}\`: give your
function what the file holds (the Node function reads it from \`WKP_SECRET_FILE\`, or \`WKP_SECRET\`), or write your
function's own secret into the file, and then start.`
      : `\`secrets/${persistSecret.name}\` signs every request between engines and \`${service}\`.`;
  if (!encrypted) return shared;
  return `${shared}

\`secrets/${encryptionKey.name}\` encrypts everything before it leaves an engine. **Keep a copy elsewhere: without it no
state can be restored, by anybody.**`;
}

function urlFromHost({ persistence, supporting }: Deployment): string {
  if (persistence.mode === "disabled") return "";
  const service = supporting.find(({ name }) => name === persistence.service);
  return service === undefined
    ? persistence.url
    : `http://${service.ports[0].address}:${service.ports[0].host}`;
}

function encryptionFlag({ encrypted }: Pushing): string {
  return encrypted ? ` \\\n  --encryption-key-file secrets/${encryptionKey.name}` : "";
}
