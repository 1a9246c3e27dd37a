import type { Deployment } from "../deployment/model.ts";
import type { GeneratedFile } from "../files/generated.ts";
import { baseFiles } from "./base.ts";
import { chartFiles } from "./chart/files.ts";
import type { ClusterChoices } from "./choices.ts";
import { overlayFiles } from "./overlays.ts";
import { renderClusterReadme } from "./readme.ts";

/** All that `weftkit k8s` writes, but the secrets. */
export function kubernetesFiles(
  deployment: Deployment,
  choices: ClusterChoices,
  version: string,
): readonly GeneratedFile[] {
  return [
    ...baseFiles(deployment, choices),
    ...overlayFiles(deployment, choices),
    ...chartFiles(deployment, choices, version),
    { path: "README.md", content: renderClusterReadme(deployment, choices), comment: "html" },
  ];
}
