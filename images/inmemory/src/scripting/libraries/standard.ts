import type { LuaMachine } from "../lua/machine.ts";
import type { LibraryValues } from "../lua/sandbox.ts";
import { bitLibrary } from "./bit.ts";
import { cjsonLibrary } from "./cjson.ts";
import { messagePackLibrary } from "./cmsgpack.ts";
import { structLibrary } from "./struct.ts";

/** The libraries that scripts and functions have beside Lua's own. */
export function standardLibraries(machine: LuaMachine): Readonly<Record<string, LibraryValues>> {
  return {
    bit: bitLibrary(machine),
    cjson: cjsonLibrary(machine),
    cmsgpack: messagePackLibrary(machine),
    struct: structLibrary(machine),
  };
}
