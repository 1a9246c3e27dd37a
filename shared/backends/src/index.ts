export { addressOf, type Backend, defaultGroup, type Role, weightMax } from "./backend.ts";
export { BackendTable, type TableChange } from "./backend-table.ts";
export {
  BackendTextError,
  formatBackend,
  formatTarget,
  makeBackend,
  parseAddress,
  parseBackend,
  parseTarget,
  type Target,
} from "./backend-text.ts";
export { type BackendState, Backends, type BackendsOptions, type Place, type Wanted } from "./backends.ts";
export { backendKeys, readBackendList, readBackends, readBackendsFile } from "./backends-file.ts";
export { type Policy, policies, type RoleWanted } from "./choose.ts";
export {
  type BackendTls,
  type ConnectOptions,
  connect,
  readBackendTls,
  type SecureOptions,
  secure,
} from "./connect.ts";
export { mayLeadTo, readSources } from "./discovery-source.ts";
export { defaultHealthPolicy, type HealthPolicy } from "./health-checks.ts";
export { defaultOutlierPolicy, type OutlierPolicy } from "./outliers.ts";
export { type Probe, protocolProbe, tcpProbe } from "./probes.ts";
export { type BackendSource, type Found, fileSource, staticSource } from "./source.ts";
