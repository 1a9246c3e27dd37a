import type { ServiceHandlers } from "./grpc-server.ts";

const statuses = { serving: 1, notServing: 2, unknown: 3 };

/** `grpc.health.v1.Health`: of the server ("") and of each service. */
export function healthService(services: readonly string[], isServing: () => boolean): ServiceHandlers {
  const check = ({ service }: { readonly service: string }) => {
    if (service !== "" && !services.includes(service)) return { status: statuses.unknown };
    return { status: isServing() ? statuses.serving : statuses.notServing };
  };
  return { open: { Check: check }, watch: { Watch: check } };
}
