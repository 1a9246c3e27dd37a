import type { MarkdownIt, StateCore, Token } from "markdown-it";

/** Adds GFM's task list items: `- [ ] to do` and `- [x] done`, as check boxes that cannot be changed. */
export function addTaskLists(md: MarkdownIt): void {
  md.core.ruler.after("inline", "task_lists", markTaskItems);
}

function markTaskItems(state: StateCore): void {
  const lists: Token[] = [];
  for (const [index, token] of state.tokens.entries()) {
    if (token.type === "bullet_list_open" || token.type === "ordered_list_open") lists.push(token);
    else if (token.type === "bullet_list_close" || token.type === "ordered_list_close") lists.pop();
    else if (token.type === "inline") markTaskItem(state, index, lists.at(-1));
  }
}

function markTaskItem(state: StateCore, index: number, list: Token | undefined): void {
  const inline = state.tokens[index]!;
  const item = state.tokens[index - 2];
  if (state.tokens[index - 1]?.type !== "paragraph_open" || item?.type !== "list_item_open") return;
  const mark = /^\[([ \t\nxX])\](?=\s)/.exec(inline.content);
  const first = inline.children?.[0];
  if (mark === null || first?.type !== "text" || !first.content.startsWith("[")) return;
  const box = new state.Token("task_box", "input", 0);
  box.attrs = [
    ["class", "task-list-item-checkbox"],
    ["type", "checkbox"],
    ["disabled", ""],
  ];
  if (mark[1] === "x" || mark[1] === "X") box.attrs.push(["checked", ""]);
  first.content = first.content.slice(first.content.indexOf("]") + 1);
  inline.children!.unshift(box);
  item.attrJoin("class", "task-list-item");
  if (list !== undefined && list.attrGet("class") === null) list.attrSet("class", "contains-task-list");
}
