import { ParameterSet } from "./parameter-set.ts";

const notParameters = new Set(["user", "database", "options", "replication"]);

/** What a client wants its session to be like from the start: its parameters, and those in `options` (-c name=value, --name=value). */
export function startupParameters(parameters: ReadonlyMap<string, string>): Map<string, string> {
  const wanted = new Map<string, string>();
  for (const [name, value] of optionsIn(parameters.get("options") ?? "")) wanted.set(name, value);
  for (const [name, value] of parameters) {
    if (!notParameters.has(name) && !name.startsWith("_pq_.")) wanted.set(name.toLowerCase(), value);
  }
  return wanted;
}

/** Words are separated by spaces; a backslash takes the next character as it is. */
function optionsIn(text: string): [string, string][] {
  const words = [...text.matchAll(/(?:\\.|[^\s\\])+/gs)].map(([word]) => word.replace(/\\(.)/gs, "$1"));
  const found: [string, string][] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const setting =
      word === "-c"
        ? words[++at]
        : word.startsWith("-c") || word.startsWith("--")
          ? word.slice(2)
          : undefined;
    const equals = setting?.indexOf("=") ?? -1;
    if (setting === undefined || equals < 1) continue;
    found.push([setting.slice(0, equals).replaceAll("-", "_").toLowerCase(), setting.slice(equals + 1)]);
  }
  return found;
}

/** Without those that a server has anyway. */
export function beyondDefaults(
  wanted: ReadonlyMap<string, string>,
  welcome: ReadonlyMap<string, string>,
): ParameterSet {
  const own = new Map([...welcome].map(([name, value]) => [name.toLowerCase(), value.toLowerCase()]));
  return ParameterSet.of(
    new Map([...wanted].filter(([name, value]) => own.get(name) !== value.toLowerCase())),
  );
}

/** What a client is told of its session's parameters when it logs in. */
export function welcomeFor(
  welcome: ReadonlyMap<string, string>,
  wanted: ReadonlyMap<string, string>,
): [string, string][] {
  const told = [...welcome].map(([name, value]): [string, string] => [
    name,
    wanted.get(name.toLowerCase()) ?? value,
  ]);
  if (!welcome.has("application_name")) told.push(["application_name", wanted.get("application_name") ?? ""]);
  return told;
}
