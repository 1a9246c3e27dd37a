import { formatBytes, formatDurationMs } from "@weftkit/core";
import type { Key } from "./key.ts";
import { defaultFiles } from "./load.ts";
import { longName } from "./read-variables.ts";
import { type Section, type SectionName, schema, userKeys } from "./schema.ts";

const introduction = `# Configuration

<!-- Drawn from shared/config/src/schema.ts by \`npm run docs\`; change it there. -->

Every image and the \`weftkit\` command read the same configuration: one file, \`weftkit.toml\`, and variables. Nothing
has to be set but a user (or \`WEFTKIT_AUTH=none\`).

- **The file** is what \`--config\` or \`WEFTKIT_CONFIG\` names, else the first of ${defaultFiles.map((path) => `\`${path}\``).join(" and ")} that
  exists. It is read once, at start.
- **Variables win over the file.** Every key has the variable \`WEFTKIT_<SECTION>_<KEY>\`; the short names below mean the
  same. An empty variable counts as not set. Lists are separated by commas.
- **\`WEFTKIT_PORT\`** is the port of the engine that the image runs, and **\`WEFTKIT_BIND\`** the address of everything.
- **\`env:NAME\`** as a value in the file reads the variable \`NAME\`.
- **Secrets** can be read from files: \`<key>_file\` in the file, \`<VARIABLE>_FILE\` as a variable. They are never printed.
- **Sizes** are bytes or \`"32MB"\`, in powers of 1024; **durations** are \`"500ms"\`, \`"30s"\`, \`"15m"\`, \`"24h"\`, \`"7d"\`.
- **Mistakes** stop the start (exit code 78) and are listed all at once, each with its file and line or its variable. A
  key or a \`WEFTKIT_\` variable that does not exist is a mistake, and so is a feature that is not available yet. Only
  variables that begin with \`WEFTKIT_TEST_\` are ignored, and those that Kubernetes makes for a Service named
  \`weftkit-...\` (\`WEFTKIT_INMEMORY_SERVICE_HOST\`, \`WEFTKIT_INMEMORY_PORT=tcp://...\`).

[weftkit.schema.json](weftkit.schema.json) is the same as a JSON Schema, for editors.
`;

const usersFile = `
The users file (\`auth.users_file\`) has the same tables by the name \`[[users]]\`:

\`\`\`toml
[[users]]
username = "app"
password_file = "/run/secrets/app_password"
roles = ["read", "write"]
\`\`\`

The roles file (\`auth.roles_file\`) names more roles. An entry is an action (\`connect\`, \`read\`, \`write\`, \`schema\`,
\`admin\`), or \`action:pattern\` for the objects whose name matches (\`*\` is any text, \`?\` any character). What one role
of a user denies no other role allows.

\`\`\`yaml
- name: reporting
  allow: [connect, read]
  deny: ["read:salaries*"]
\`\`\`
`;

/** The reference page of the configuration, as Markdown. */
export function documentation(): string {
  const sections = Object.entries(schema).map(([name, section]: [string, Section]) => {
    const rows = Object.entries(section.keys).map(([key, entry]) =>
      row(key, entry, variables(name, key, entry)),
    );
    const page = `## [${name}]\n\n${section.doc}\n\n${table(["key", "default", "meaning", "variables"], rows)}`;
    return name === "auth" ? page + users() : page;
  });
  return [introduction, ...sections].join("\n");
}

function users(): string {
  const rows = Object.entries(userKeys).map(([key, entry]) => row(key, entry));
  return `\n### [[auth.users]]\n\n${table(["key", "default", "meaning"], rows)}${usersFile}`;
}

function row(name: string, key: Key<unknown>, variableNames?: string): string[] {
  const example = key.example === undefined ? "" : ` Example: \`${key.example}\`.`;
  return [
    `\`${name}\``,
    fallbackOf(key),
    key.doc + example,
    ...(variableNames === undefined ? [] : [variableNames]),
  ];
}

function variables(section: string, name: string, key: Key<unknown>): string {
  const names = [...(key.variables ?? []), longName(section as SectionName, name)];
  const file = key.kind === "secret" ? "(_FILE)" : "";
  return names.map((variable) => `\`${variable}${file}\``).join(" ");
}

function fallbackOf(key: Key<unknown>): string {
  if (key.fallbackDoc !== undefined) return key.fallbackDoc;
  if (key.fallback === undefined) return "";
  if (key.kind === "bytes" && key.fallback !== 0) return `\`"${formatBytes(key.fallback as number)}"\``;
  if (key.kind === "duration") return `\`"${formatDurationMs(key.fallback as number)}"\``;
  return `\`${JSON.stringify(key.fallback)}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows];
  return `${lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`).join("\n")}\n`;
}
