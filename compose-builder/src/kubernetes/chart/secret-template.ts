import type { Secret } from "../../deployment/model.ts";
import { generatedSecretName } from "../names.ts";
import type { ChartSettings } from "./chart-settings.ts";

/** How the template language makes one: a password goes into URLs, a key is 32 bytes in hexadecimal. */
const generators: Readonly<Record<Secret["form"], string>> = {
  password: "randAlphaNum 32",
  key: "randAlphaNum 43 | sha256sum",
};

/** The Secret, unless there is one: what is in the cluster stays, what is missing is given or generated. */
export function secretTemplate(secrets: readonly Secret[], settings: ChartSettings): string {
  for (const { name, form } of secrets) {
    const doc = `${form === "password" ? "A password" : "A key, 32 bytes in hexadecimal"}; generated when it is empty.`;
    settings.text(["secrets", name], "", doc);
  }
  const lines = secrets.map(({ name, form }) => {
    const kept = `get $present "${name}" | b64dec`;
    return `  ${name}: {{ $.Values.secrets.${name} | default (${kept}) | default (${generators[form]}) | quote }}`;
  });
  const name = generatedSecretName("{{ $.Release.Name }}");
  return `{{- if not $.Values.existingSecret }}
{{- $present := (lookup "v1" "Secret" $.Release.Namespace (printf "${generatedSecretName("%s")}" $.Release.Name)).data | default dict }}
apiVersion: v1
kind: Secret
metadata:
  name: ${name}
  labels:
    app.kubernetes.io/instance: {{ $.Release.Name }}
    app.kubernetes.io/part-of: weftkit
  annotations:
    # Without them nobody reads the volumes and the states that stay.
    helm.sh/resource-policy: keep
type: Opaque
stringData:
${lines.join("\n")}
{{- end }}
`;
}
