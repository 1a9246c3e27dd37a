import type { LinkTarget, Rendered } from "../content.ts";
import { type RenamePlan, renamedText } from "../links/rename-plan.ts";
import { type ParsedDocument, parseDocument } from "../render/parse.ts";
import { renderParsed, targetsOf } from "../render/render-html.ts";
import { composeText } from "./compose.ts";
import { type Hunk, patchBetween } from "./difference.ts";
import { type PreparedDocument, prepareDocument } from "./prepare.ts";

/** A text whose targets were asked for: its page will be wanted next. */
let parsed: { readonly body: string; readonly document: ParsedDocument } | undefined;

/**
 * All work whose time goes with the length of a text. Pure functions of what can be copied between threads: each runs
 * where it is called, or in a worker (`TextWorkers`).
 */
export const textWork = {
  prepare({ id, text, bytesMax }: { id: string; text: string; bytesMax: number }): PreparedDocument {
    return prepareDocument(id, text, bytesMax);
  },

  /** Of a document that is written as JSON. */
  compose({ id, members, bytesMax }: { id: string; members: DocumentMembers; bytesMax: number }) {
    return prepareDocument(id, composeText(members), bytesMax);
  },

  /** The document, or one that links to it, after a rename. */
  rename({ plan, id, text, targets, bytesMax }: RenameWork) {
    return prepareDocument(id === plan.id ? plan.to : id, renamedText(plan, id, text, targets), bytesMax);
  },

  /** What the links of a page may lead to. */
  targets(body: string): LinkTarget[] {
    parsed = { body, document: parseDocument(body) };
    return targetsOf(parsed.document);
  },

  /** A page, whose links lead to the addresses of their targets (`addressKey`). */
  render({ body, addresses }: { body: string; addresses: ReadonlyMap<string, string> }): Rendered {
    const document = parsed?.body === body ? parsed.document : parseDocument(body);
    parsed = undefined;
    return renderParsed(document, { resolve: (target, kind) => addresses.get(addressKey({ target, kind })) });
  },

  compare({ from, to }: { from: string; to: string }): readonly Hunk[] {
    return patchBetween(from, to);
  },
};

export type TextWork = typeof textWork;

interface RenameWork {
  readonly plan: RenamePlan;
  readonly id: string;
  readonly text: string;
  /** What is written in it as a path to the renamed document. */
  readonly targets: readonly string[];
  readonly bytesMax: number;
}

type DocumentMembers = Readonly<Record<string, unknown>> & { readonly content: string };

export function addressKey({ target, kind }: LinkTarget): string {
  return `${kind} ${target}`;
}
