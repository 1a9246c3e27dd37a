import type { Deployment } from "../../deployment/model.ts";
import { workloadLabels } from "../labels.ts";
import { configName } from "../names.ts";
import type { KubernetesObject } from "../object.ts";
import type { Workload } from "../workload.ts";
import type { ChartSettings } from "./chart-settings.ts";

/** What is the same for all engines is said once among the values. */
export function configMap(
  deployment: Deployment,
  project: string,
  workload: Workload,
  settings: ChartSettings,
): KubernetesObject {
  const shared = workload.role === "engine" ? sharedVariables(deployment, settings) : {};
  const own = Object.entries(workload.service.environment).filter(([name]) => !Object.hasOwn(shared, name));
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: configName(workload), labels: workloadLabels(project, workload) },
    data: {
      ...shared,
      ...settings.texts(
        [workload.name, "config"],
        Object.fromEntries(own),
        "Its variables, without secrets.",
      ),
    },
  };
}

function sharedVariables({ persistence }: Deployment, settings: ChartSettings): Record<string, string> {
  if (persistence.mode === "disabled") return {};
  const { url, schedule, namespace, service } = persistence;
  return {
    ...(service === undefined && {
      WEFTKIT_PERSIST_URL: settings.text(["state", "url"], url, "Where engines push their states."),
    }),
    WEFTKIT_PERSIST_SCHEDULE: settings.text(["state", "schedule"], schedule, "When, as a cron expression."),
    WEFTKIT_PERSIST_NAMESPACE: settings.text(
      ["state", "namespace"],
      namespace,
      "The first part of their places there: two releases with the same one are each other's rivals.",
    ),
  };
}
