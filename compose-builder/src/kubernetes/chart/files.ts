import { stringify } from "yaml";
import { userName } from "../../deployment/hardening.ts";
import type { Deployment } from "../../deployment/model.ts";
import type { GeneratedFile } from "../../files/generated.ts";
import type { ClusterChoices } from "../choices.ts";
import { generatedSecretName } from "../names.ts";
import type { KubernetesObject } from "../object.ts";
import { type WorkloadObjects, workloadObjects } from "../objects.ts";
import { claimsDoc, claimsSwitch } from "../pod.ts";
import { monitorDoc, monitorSwitch, serviceAccount, serviceMonitor } from "../project-objects.ts";
import { clientService } from "../services.ts";
import type { Target } from "../target.ts";
import { ChartSettings, type ChartValue } from "./chart-settings.ts";
import { configMap } from "./config-map.ts";
import { renderTemplate } from "./render-template.ts";
import { secretTemplate } from "./secret-template.ts";
import { renderSchema, renderValues } from "./values.ts";

/** Whoever writes charts knows these names. */
const folder = "chart";

/** The chart: the same objects as the base, with what whoever deploys may set as values. */
export function chartFiles(
  deployment: Deployment,
  choices: ClusterChoices,
  version: string,
): readonly GeneratedFile[] {
  const settings = new ChartSettings();
  const target = chartTarget(choices, settings);
  const { project } = target;
  const workloads = workloadObjects(deployment, target);
  const secret = secretTemplate(deployment.secrets, settings);
  const templates: Record<string, string> = { "service-account.yaml": render([serviceAccount(project)]) };
  for (const one of workloads) {
    const { name } = one.workload;
    templates[`${name}.yaml`] = workloadTemplate(one);
    templates[`${name}-config.yaml`] = render([configMap(deployment, project, one.workload, settings)]);
  }
  templates["service-monitor.yaml"] = when(
    settings,
    monitorSwitch,
    choices.monitoredFrom !== undefined,
    monitorDoc,
    render([serviceMonitor(project)]),
  );
  templates["secrets.yaml"] = secret;
  const own = new Set(workloads.map(({ workload }) => workload.name));
  const isOwn = ({ path: [first] }: ChartValue) => own.has(first);
  // What is for all stands before what is for one.
  const values = [...settings.values.filter((one) => !isOwn(one)), ...settings.values.filter(isOwn)];
  return [
    file("Chart.yaml", chartYaml(deployment, version)),
    file("values.yaml", renderValues(values)),
    {
      path: `${folder}/values.schema.json`,
      content: renderSchema(deployment.name, values),
      comment: "json",
    },
    ...Object.entries(templates).map(([name, content]) => file(`templates/${name}`, content)),
    { path: `${folder}/templates/NOTES.txt`, content: notes(deployment), comment: "template" },
  ];

  function render(objects: readonly KubernetesObject[]): string {
    return renderTemplate(objects, settings);
  }

  /** How many instances there are is a value, so that the Services of all but the first are a loop. */
  function workloadTemplate(one: WorkloadObjects): string {
    const { workload, controller, clientServices, headless, disruptionBudget, networkPolicy } = one;
    const parts = [
      render([
        controller,
        clientServices[0]!,
        ...(headless === undefined ? [] : [headless]),
        disruptionBudget,
      ]),
      when(
        settings,
        ["networkPolicy", "enabled"],
        true,
        "Whether network policies say who may talk to whom.",
        render([networkPolicy]),
      ),
    ];
    if (workload.role === "engine") parts.splice(1, 0, furtherInstances(one));
    return parts.join("---\n");
  }

  function furtherInstances({ workload }: WorkloadObjects): string {
    const ordinal = settings.inline("$ordinal");
    const service = clientService(target, workload, { name: `${workload.name}-${ordinal}`, ordinal });
    return `{{- range $ordinal := untilStep 1 (int $.Values.${workload.name}.replicas) 1 }}
---
${render([service])}{{- end }}
`;
  }
}

/** What a release decides in place of the command. */
function chartTarget(choices: ClusterChoices, settings: ChartSettings): Target {
  const { existingSecret = "", monitoredFrom } = choices;
  const project = settings.inline("$.Release.Name");
  settings.text(
    ["existingSecret"],
    existingSecret,
    "A Secret that is there, with all passwords and keys; one is made when it is empty.",
  );
  const isMonitored = monitoredFrom !== undefined;
  settings.fields(monitorSwitch, isMonitored, monitorDoc, {});
  settings.fields(claimsSwitch, choices.engineVolumes !== undefined, claimsDoc, {});
  const generated = `printf "${generatedSecretName("%s")}" $.Release.Name`;
  return {
    project,
    settings,
    choices: {
      ...choices,
      existingSecret: settings.inline(`$.Values.existingSecret | default (${generated})`),
      monitoredFrom: settings.text(
        ["serviceMonitor", "namespace"],
        monitoredFrom ?? "monitoring",
        "The namespace of Prometheus.",
      ),
    },
  };
}

/** A template that renders to something when a value says so. */
function when(
  settings: ChartSettings,
  path: readonly [string, ...string[]],
  isOn: boolean,
  doc: string,
  content: string,
): string {
  settings.fields(path, isOn, doc, {});
  return `{{- if $.Values.${path.join(".")} }}\n${content}{{- end }}\n`;
}

function file(path: string, content: string): GeneratedFile {
  return { path: `${folder}/${path}`, content, comment: "hash" };
}

function chartYaml({ name, engines }: Deployment, version: string): string {
  const kinds = [...new Set(engines.map(({ engine }) => engine))];
  return stringify({
    apiVersion: "v2",
    name,
    description: `WeftKit: ${kinds.join(", ")}`,
    type: "application",
    version,
    appVersion: engines[0]!.image.tag,
    // What pods wait with before they end is known since then.
    kubeVersion: ">=1.30.0-0",
  });
}

function notes({ engines }: Deployment): string {
  const lines = engines.map(
    ({ name, ports: [port] }) => `  ${name}.{{ $.Release.Namespace }}.svc:${port.container}`,
  );
  return `User ${userName}; passwords are in the Secret {{ $.Values.existingSecret | default (printf "${generatedSecretName("%s")}" $.Release.Name) }}.

${lines.join("\n")}
`;
}
