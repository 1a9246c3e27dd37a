import { type Static, Type } from "typebox";
import {
  composeProject,
  Failure,
  kubernetesProject,
  makeSecret,
  type ProjectFlags,
} from "weftkit/project-files";
import type { BuiltProject } from "../api.ts";
import { PlaygroundError } from "../errors.ts";

const onlyThese = { additionalProperties: false } as const;
const name = Type.String({ maxLength: 200 });

/** What the Compose Builder's page says of a project. */
const projectSchema = Type.Object(
  {
    target: Type.Enum(["compose", "kubernetes"]),
    project: Type.String({ pattern: "^[a-z0-9][a-z0-9-]{0,62}$" }),
    engines: name,
    with: name,
    bind: Type.Enum(["127.0.0.1", "0.0.0.0"]),
    state: Type.Enum(["volume", "serverless", "container", "none"]),
    persistUrl: Type.Optional(Type.String({ maxLength: 2048 })),
    persistEncrypt: Type.Boolean(),
    volumeSize: Type.String({ pattern: "^[1-9][0-9]{0,6}(?:Mi|Gi|Ti)$" }),
    /** Whether secrets are made too, for a project that is downloaded. */
    withSecrets: Type.Boolean(),
  },
  onlyThese,
);

export type ProjectChoices = Static<typeof projectSchema>;

/** What a request is checked against. */
export const projectForm = { schema: projectSchema };

/** The files of a project, made by the code of `weftkit compose` and `weftkit k8s`. @throws PlaygroundError `invalid_request` */
export function buildProject(chosen: ProjectChoices): BuiltProject {
  try {
    const { files, secrets, connections } = built(chosen);
    const made = chosen.withSecrets
      ? secrets.map(({ name, form }) => ({ path: `secrets/${name}`, content: `${makeSecret(form)}\n` }))
      : [];
    return { files: [...files, ...made], secrets: secrets.map((one) => one.name), connections };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new PlaygroundError("invalid_request", error.message, {
      ...(error.hint !== undefined && { hint: error.hint }),
    });
  }
}

function built(chosen: ProjectChoices) {
  const { target, state, volumeSize, persistUrl, persistEncrypt } = chosen;
  const isElsewhere = state === "serverless" || state === "container";
  const flags: ProjectFlags = {
    project: chosen.project,
    engines: chosen.engines,
    with: chosen.with,
    bind: chosen.bind,
    ...(isElsewhere && persistUrl !== undefined && { persistUrl }),
    ...(state === "serverless" && persistUrl === undefined && { persistFunction: true }),
    ...(isElsewhere && persistEncrypt && { persistEncrypt: true }),
  };
  if (target === "kubernetes") return kubernetesProject({ ...flags, state, volumeSize });
  return composeProject({ ...flags, persist: isElsewhere ? state : "disabled" });
}
