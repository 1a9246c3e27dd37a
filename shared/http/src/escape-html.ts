/**
 * Text as it may stand between tags and in attributes in double quotes: `&`, `<`, `>` and `"` become references.
 * Not for attributes in single quotes or without any, nor for what stands in `<script>` or `<style>`.
 */
export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
