export { DiscoveryClient, DiscoveryError, discoveryClient } from "./client.ts";
export { Follower, type FollowOptions } from "./follow.ts";
export type { DiscoveredInstance } from "./instance.ts";
export { type Registered, Registration, type RegistrationOptions } from "./registration.ts";
