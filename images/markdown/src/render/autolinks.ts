import type { MarkdownIt } from "markdown-it";

/**
 * GFM's extended autolinks: bare `http://`, `https://` and `www.` addresses and e-mail addresses. Bare domains are left
 * alone: `readme.md` is a file here, although it could be a host in Moldova.
 */
export function configureAutolinks(md: MarkdownIt): void {
  md.linkify.set({ fuzzyLink: false, fuzzyEmail: true, fuzzyIP: false });
  md.linkify.add("//", null).add("ftp:", null);
  md.linkify.add("www.", {
    validate: (text, pos, self) => {
      const length = self.testSchemaAt(`http://${text.slice(pos)}`, "http:", "http:".length);
      return Math.max(0, length - "//".length);
    },
    normalize: (match) => {
      match.url = `http://${match.url}`;
    },
  });
}
