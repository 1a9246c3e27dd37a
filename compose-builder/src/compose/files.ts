import type { Deployment } from "../deployment/model.ts";
import type { GeneratedFile } from "../files/generated.ts";
import { type PresentProject, renderEnvironmentFile } from "./project.ts";
import { renderReadme } from "./readme.ts";
import { renderCompose } from "./render.ts";
import type { ComposeSurroundings } from "./surroundings.ts";

/** All that `weftkit compose` writes, but the secrets. */
export function composeFiles(
  deployment: Deployment,
  /** What is there already, whose images stay. */
  present: PresentProject,
  /** Whether the user says which images, so that those of before do not stay. */
  asksForImages: boolean,
  surroundings: ComposeSurroundings,
): readonly GeneratedFile[] {
  const environment = renderEnvironmentFile(deployment, present.environment, asksForImages);
  return [
    { path: "docker-compose.yml", content: renderCompose(deployment, surroundings), comment: "hash" },
    { path: ".env", content: environment, comment: "hash", keepsEdits: true },
    { path: "README.md", content: renderReadme(deployment), comment: "html" },
    { path: "secrets/.gitignore", content: "*\n", comment: "hash" },
  ];
}
