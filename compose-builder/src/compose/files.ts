import type { Deployment } from "../deployment/model.ts";
import type { GeneratedFile } from "../files/generated.ts";
import { renderReadme } from "./readme.ts";
import { renderCompose, renderEnvironmentFile } from "./render.ts";

/** All that `weftkit compose` writes, but the secrets. */
export function composeFiles(deployment: Deployment): readonly GeneratedFile[] {
  return [
    { path: "docker-compose.yml", content: renderCompose(deployment), comment: "hash" },
    { path: ".env", content: renderEnvironmentFile(deployment), comment: "hash" },
    { path: "README.md", content: renderReadme(deployment), comment: "html" },
    { path: "secrets/.gitignore", content: "*\n", comment: "hash" },
  ];
}
