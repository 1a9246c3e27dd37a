const references: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Text as it may stand between tags and in quoted attributes: `&`, `<`, `>`, `"` and `'` become references. Not for
 * attributes without quotes, nor for what stands in `<script>` or `<style>`.
 */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => references[character]!);
}
