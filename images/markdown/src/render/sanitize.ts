import sanitizeHtml from "sanitize-html";

/**
 * Before every `id` in a page. A browser makes elements with an `id` or a `name` properties of `window` and `document`:
 * with the prefix a document cannot stand for something that the page's own scripts look for there.
 */
export const idPrefix = "user-content-";

/** Elements that go with all that is inside them; of others that are not allowed only the tags go. */
export const droppedWithContent = [
  "iframe",
  "math",
  "noembed",
  "noframes",
  "noscript",
  "object",
  "option",
  "script",
  "select",
  "style",
  "svg",
  "template",
  "textarea",
  "title",
] as const;

/** GFM's tag filter: what these begin would swallow the rest of the page. */
const filteredTag =
  /<(?=\/?(?:iframe|noembed|noframes|plaintext|script|style|textarea|title|xmp)(?:[\s/>]|$))/gi;

/** Raw HTML in which tags that GFM does not allow are text: prose that names `<script>` goes on behind it. */
export function withoutFilteredTags(html: string): string {
  return html.replace(filteredTag, "&lt;");
}

const allowedTags =
  "a abbr b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img input ins kbd li mark ol p pre q rp rt ruby s samp small span strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr".split(
    " ",
  );

const allowedAttributes = {
  "*": ["class", "dir", "id", "lang", "title"],
  a: ["href", "rel"],
  col: ["align", "span"],
  details: ["open"],
  img: ["alt", "height", "src", "width"],
  input: ["checked", "disabled", "type"],
  li: ["value"],
  ol: ["reversed", "start", "type"],
  td: ["align", "colspan", "rowspan"],
  th: ["align", "colspan", "rowspan", "scope"],
  time: ["datetime"],
};

const allowedClasses = {
  a: ["wiki-link", "wiki-link-missing"],
  code: ["language-*"],
  input: ["task-list-item-checkbox"],
  li: ["task-list-item"],
  ol: ["contains-task-list"],
  ul: ["contains-task-list"],
};

/** Elements inside elements; deeper ones are left out. Browsers stop at 512 by themselves. */
const elementNestingMax = 400;

const options: sanitizeHtml.IOptions = {
  allowedTags,
  allowedAttributes,
  allowedClasses,
  allowedSchemes: ["http", "https", "mailto", "tel"],
  // An image can be followed by nothing but the browser: no mail programs, and no `data:`, whose SVG is a document.
  allowedSchemesByTag: { img: ["http", "https"] },
  allowedSchemesAppliedToAttributes: ["href", "src"],
  allowProtocolRelative: true,
  nonTextTags: [...droppedWithContent],
  nestingLimit: elementNestingMax,
  parseStyleAttributes: false,
  transformTags: {
    "*": (tagName, attribs) => {
      const { id, ...others } = attribs;
      return { tagName, attribs: id === undefined ? others : { ...others, id: prefixed(id) } };
    },
    a: (tagName, attribs) => ({ tagName, attribs: linkAttributes(attribs) }),
    // The only use of this element is the box of a task.
    input: (tagName, { checked, class: name }) => ({
      tagName,
      attribs: {
        ...(name === undefined ? {} : { class: name }),
        type: "checkbox",
        disabled: "",
        ...(checked === undefined ? {} : { checked: "" }),
      },
    }),
  },
};

/** HTML in which no script can run, whatever the document says. */
export function sanitize(html: string): string {
  return sanitizeHtml(html, options);
}

function prefixed(id: string): string {
  return id.startsWith(idPrefix) ? id : `${idPrefix}${id}`;
}

/** Anchors lead to where the ids have gone; links to other sites are not recommendations. */
function linkAttributes(attribs: sanitizeHtml.Attributes): sanitizeHtml.Attributes {
  const { rel: _rel, ...others } = attribs;
  const href = attribs.href;
  if (href === undefined) return others;
  if (href.startsWith("#") && href.length > 1) return { ...others, href: `#${prefixed(href.slice(1))}` };
  return /^\s*(?:https?:|\/\/)/i.test(href) ? { ...others, rel: "nofollow" } : others;
}
