import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import type { Any } from "./kubernetes-output.ts";

const folder = join(import.meta.dirname, "fixtures/kubernetes-schemas");

/** The minor versions whose schemas are there. */
export const kubernetesVersions = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => name.replace(/^v|\.json$/g, ""));

/** Holds objects against the schemas that one version of Kubernetes publishes, which allow no field that it does not know. */
export class KubernetesSchemas {
  readonly #document: Any;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor(version: string) {
    this.#document = JSON.parse(readFileSync(join(folder, `v${version}.json`), "utf8"));
    this.#ajv.addSchema({ $id: "kubernetes", $defs: this.#document.$defs });
  }

  /** What is wrong with an object, a line each. */
  mistakes(object: Any): string[] {
    const kind = `${object.apiVersion} ${object.kind}`;
    const name = this.#document.kinds[kind];
    if (name === undefined) return [`there is no schema of ${kind}`];
    const validate = this.#compiled.get(name) ?? this.#ajv.compile({ $ref: `kubernetes#/$defs/${name}` });
    this.#compiled.set(name, validate);
    validate(object);
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) =>
        `${kind} ${object.metadata?.name}${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }
}
