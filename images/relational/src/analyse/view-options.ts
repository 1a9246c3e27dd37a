import type { Catalog } from "../catalog/catalog.ts";
import type { Relation, TriggerEvent } from "../catalog/model.ts";

/** What a view was made with, and what its triggers do. */

function optionOf(view: Relation, name: string): string | undefined {
  return view.options?.find((option) => option.startsWith(`${name}=`))?.slice(name.length + 1);
}

export function checkOptionOf(view: Relation): "local" | "cascaded" | undefined {
  return optionOf(view, "check_option") as "local" | "cascaded" | undefined;
}

/** A view reads with its owner's rights, unless it was told to read with those of who asks. */
export function isInvokersView(view: Relation): boolean {
  return /^(true|on|1|yes)$/i.test(optionOf(view, "security_invoker") ?? "");
}

export function hasInsteadTrigger(catalog: Catalog, view: Relation, event: TriggerEvent): boolean {
  return catalog
    .triggersOf(view.oid)
    .some(({ timing, events }) => timing === "instead" && events.includes(event));
}
