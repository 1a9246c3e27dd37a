import { scheduleMistake } from "@weftkit/persist";
import { parseEndpointUrl } from "@weftkit/persist/client";
import { isSubtree } from "@weftkit/persist/contract";
import type { PersistChoice } from "../deployment/plan.ts";
import { storeServices } from "../deployment/store-service.ts";
import { Failure } from "../terminal/failure.ts";

/** Where state may live. */
export const persistModes = ["disabled", "serverless", "container"] as const;

/** The flags of `weftkit compose` that are about persistence. */
export interface PersistOptions {
  readonly persist?: (typeof persistModes)[number];
  readonly persistUrl?: string;
  readonly persistFunction?: true;
  readonly persistPort?: number;
  readonly persistSchedule?: string;
  readonly persistNamespace?: string;
  readonly persistEncrypt?: true;
}

const defaultSchedule = "*/15 * * * *";

/** Works the flags out. @throws Failure for what does not go together or cannot work */
export function persistChoice(options: PersistOptions, project: string): PersistChoice {
  const { persist: mode = "disabled", persistUrl, persistFunction } = options;
  if (mode === "disabled") {
    refuseStrays(options);
    return { mode };
  }
  if (persistUrl !== undefined && persistFunction) {
    throw new Failure("usage", "--persist-url and --persist-function are two endpoints", "Choose one.");
  }
  if (persistFunction && mode === "container") {
    throw new Failure("usage", "--persist-function is for --persist serverless");
  }
  return {
    mode,
    endpoint: persistUrl === undefined ? projectStore(options, mode) : { url: reachableUrl(persistUrl) },
    schedule: schedule(options.persistSchedule ?? defaultSchedule),
    namespace: namespace(options.persistNamespace ?? project),
    encrypted: options.persistEncrypt === true,
  };
}

/** Flags that would do nothing are a misunderstanding. */
function refuseStrays({ persist: _, ...rest }: PersistOptions): void {
  const names: Readonly<Record<keyof typeof rest, string>> = {
    persistUrl: "--persist-url",
    persistFunction: "--persist-function",
    persistPort: "--persist-port",
    persistSchedule: "--persist-schedule",
    persistNamespace: "--persist-namespace",
    persistEncrypt: "--persist-encrypt",
  };
  for (const [key, name] of Object.entries(names)) {
    if (rest[key as keyof typeof rest] === undefined) continue;
    throw new Failure(
      "usage",
      `${name} says how to persist, but nothing is persisted`,
      "Add --persist serverless.",
    );
  }
}

function projectStore({ persistFunction, persistPort }: PersistOptions, mode: "serverless" | "container") {
  const kind = mode === "container" ? "sidecar" : "function";
  if (kind === "function" && !persistFunction) {
    throw new Failure(
      "usage",
      "--persist serverless needs an endpoint",
      "Add --persist-url URL for a function of yours, or --persist-function to run the Node function in this project.",
    );
  }
  return { kind, hostPort: persistPort ?? storeServices[kind].port } as const;
}

/** @throws Failure for URLs that engines would refuse, or that lead a container to itself */
export function reachableUrl(text: string): string {
  let url: URL;
  try {
    url = parseEndpointUrl(text);
  } catch (error) {
    throw new Failure("usage", (error as Error).message, "For example https://state.example.com.");
  }
  if (/^(localhost|127\.|\[::1\])/.test(url.hostname)) {
    throw new Failure(
      "usage",
      `${text} is the container itself, seen from a container`,
      "For a function on this machine write http://host.docker.internal, and let it listen where containers reach it (WKP_BIND).",
    );
  }
  return text.replace(/\/+$/, "");
}

function schedule(pattern: string): string {
  const mistake = scheduleMistake(pattern);
  if (mistake === undefined) return pattern;
  throw new Failure(
    "usage",
    `--persist-schedule "${pattern}" is no cron expression: ${mistake}`,
    'For example "*/5 * * * *".',
  );
}

function namespace(name: string): string {
  if (isSubtree(`${name}/engine/0`)) return name;
  throw new Failure(
    "usage",
    `--persist-namespace "${name}" must be at most 63 letters, digits, ".", "_" and "-"`,
  );
}
