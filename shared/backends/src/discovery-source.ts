import { ConfigError, engineNames, type Mistake } from "@weftkit/config";
import { type DiscoveredInstance, type DiscoveryClient, Follower } from "@weftkit/discovery-client";
import type { Logger } from "@weftkit/observe";
import { type Backend, defaultGroup } from "./backend.ts";
import {
  BackendTextError,
  makeBackend,
  parseAddress,
  parseTarget,
  requireGroup,
  type Target,
} from "./backend-text.ts";
import { readBackendList } from "./backends-file.ts";
import { type BackendSource, staticSource } from "./source.ts";

/** A group of discovery that backends are taken from, and what they are here: all engines, or one of them in a group. */
interface Followed {
  readonly group: string;
  readonly target: Target | undefined;
}

const prefix = "discovery:";
const form = "[<engine>[/<group>]=]discovery:<group>";

/**
 * Reads a list of the configuration: backends, and `[<engine>[/<group>]=]discovery:<group>` for those that discovery tells of.
 *
 * @throws ConfigError with every mistake at once
 */
export function readSources(
  texts: readonly string[],
  where: string,
  { discovery, log }: { readonly discovery: DiscoveryClient | undefined; readonly log: Logger },
): BackendSource[] {
  const mistakes: Mistake[] = [];
  const followed: Followed[] = [];
  for (const text of texts.filter(isFollowed)) {
    try {
      followed.push(parseFollowed(text));
    } catch (error) {
      if (!(error instanceof BackendTextError)) throw error;
      mistakes.push({ where, message: error.message });
    }
  }
  if (followed.length > 0 && discovery === undefined) {
    mistakes.push({
      where,
      message:
        "discovery: needs to know where that is: set discovery_client.urls (WEFTKIT_DISCOVERY_CLIENT_URLS)",
    });
  }
  let backends: readonly Backend[] = [];
  try {
    backends = readBackendList(
      texts.filter((text) => !isFollowed(text)),
      where,
    );
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    mistakes.push(...error.mistakes);
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  const sources = [staticSource(backends)];
  if (followed.length > 0) sources.push(discoverySource(followed, discovery!, log));
  return sources;
}

/** Whether discovery may come to tell of backends that a list of the configuration wants for an engine's group. */
export function mayLeadTo(texts: readonly string[], { engine, group }: Target): boolean {
  return texts.filter(isFollowed).some((text) => {
    const { target } = parseFollowed(text);
    return target === undefined || (target.engine === engine && target.group === group);
  });
}

/** The backends of groups of discovery, as they come and go. */
function discoverySource(followed: readonly Followed[], client: DiscoveryClient, log: Logger): BackendSource {
  const byGroup = new Map<string, readonly DiscoveredInstance[]>();
  const groups = [...new Set(followed.map(({ group }) => group))];
  const followers: Follower[] = [];
  return {
    name: `discovery at ${client.url}`,
    async open(found) {
      const tell = () => found(backendsOf(followed, byGroup));
      for (const group of groups) {
        const follower = new Follower({
          client,
          group,
          log,
          found: (instances) => {
            byGroup.set(group, instances);
            tell();
          },
        });
        followers.push(follower);
      }
      await Promise.all(followers.map((follower) => follower.open()));
      tell();
    },
    close() {
      for (const follower of followers) follower.close();
    },
  };
}

/** Every instance once, in all groups that it stands for. */
function backendsOf(
  followed: readonly Followed[],
  byGroup: ReadonlyMap<string, readonly DiscoveredInstance[]>,
): Backend[] {
  const found = new Map<string, { instance: DiscoveredInstance; groups: Set<string> }>();
  for (const { group, target } of followed) {
    for (const instance of byGroup.get(group) ?? []) {
      if (target !== undefined && instance.engine !== target.engine) continue;
      const one = found.get(instance.id) ?? { instance, groups: new Set() };
      one.groups.add(target?.group ?? defaultGroup);
      if (target === undefined) one.groups.add(group);
      found.set(instance.id, one);
    }
  }
  return [...found.values()].flatMap(({ instance, groups }) => backendOf(instance, [...groups]) ?? []);
}

/** Undefined for what is no engine, and what cannot be read. */
function backendOf(instance: DiscoveredInstance, groups: readonly string[]): Backend | undefined {
  const { id, engine: name, endpoint, role, weight, tls, draining } = instance;
  const engine = engineNames.find((known) => known === name);
  if (engine === undefined) return undefined;
  try {
    return makeBackend({ id, engine, ...parseAddress(endpoint), groups, role, weight, tls, draining });
  } catch (error) {
    if (error instanceof BackendTextError) return undefined;
    throw error;
  }
}

function isFollowed(text: string): boolean {
  return text
    .slice(text.indexOf("=") + 1)
    .trimStart()
    .startsWith(prefix);
}

/** @throws BackendTextError */
function parseFollowed(text: string): Followed {
  const equals = text.indexOf("=");
  const group = text
    .slice(equals + 1)
    .trim()
    .slice(prefix.length);
  if (group === "") throw new BackendTextError(`"${text}" is not ${form}`);
  requireGroup(group);
  return { group, target: equals === -1 ? undefined : parseTarget(text.slice(0, equals).trim()) };
}
