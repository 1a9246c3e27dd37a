/** The ordinal of a pod of a StatefulSet: "inmemory-2" is "2". Undefined for any other host name. */
export function statefulSetOrdinal(hostname: string, environment: NodeJS.ProcessEnv): string | undefined {
  if (environment.KUBERNETES_SERVICE_HOST === undefined) return undefined;
  // A Deployment's pods end in a random suffix, which may be all digits only when it has five characters or more.
  return /-(\d{1,4})$/.exec(hostname)?.[1];
}
