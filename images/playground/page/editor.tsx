import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState, type Extension, Prec } from "@codemirror/state";
import { drawSelection, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "preact/hooks";

/** Colours are those of the page, which change with its theme. */
const look = [
  EditorView.theme({
    "&": { height: "100%", backgroundColor: "var(--field)", color: "var(--text)", fontSize: "13px" },
    "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "-2px" },
    ".cm-content": { fontFamily: "var(--mono)", caretColor: "var(--text)" },
    ".cm-cursor": { borderLeftColor: "var(--text)" },
    ".cm-gutters": { backgroundColor: "var(--field)", color: "var(--quiet)", border: "none" },
    ".cm-selectionBackground, &.cm-focused .cm-selectionBackground": {
      backgroundColor: "var(--selected) !important",
    },
    ".cm-tooltip": { backgroundColor: "var(--panel)", color: "var(--text)", border: "1px solid var(--line)" },
    ".cm-tooltip-autocomplete ul li[aria-selected]": {
      backgroundColor: "var(--accent)",
      color: "var(--on-accent)",
    },
  }),
  syntaxHighlighting(
    HighlightStyle.define([
      { tag: tags.keyword, color: "var(--syntax-keyword)", fontWeight: "600" },
      { tag: [tags.string, tags.special(tags.string)], color: "var(--syntax-string)" },
      { tag: [tags.number, tags.bool, tags.null], color: "var(--syntax-number)" },
      { tag: tags.comment, color: "var(--quiet)", fontStyle: "italic" },
      { tag: [tags.typeName, tags.propertyName], color: "var(--syntax-name)" },
    ]),
  ),
];

export interface EditorProps {
  readonly label: string;
  readonly initial: string;
  readonly language: Extension;
  /** Ctrl-Enter: with what is selected, or else everything, and where in the text the cursor is. */
  onRun(text: string, selection: string, cursor: number): void;
  /** Gives the view, for buttons beside it. */
  onReady?(view: EditorView): void;
  onChange?(text: string): void;
  /** Whether it takes the focus when it is drawn; it does unless this is false. */
  focus?: boolean;
}

/**
 * A text editor. It stands in a shadow tree, where its styles are sheets made by script, which the page's Content-Security-Policy
 * allows, as it would not allow style elements.
 */
export function Editor({ label, initial, language, onRun, onReady, onChange, focus = true }: EditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const run = useRef(onRun);
  run.current = onRun;
  const change = useRef(onChange);
  change.current = onChange;
  const languages = useRef(new Compartment());
  const view = useRef<EditorView>();
  useEffect(() => {
    const root = host.current!.shadowRoot ?? host.current!.attachShadow({ mode: "open" });
    const submit = (target: EditorView) => {
      const { doc, selection } = target.state;
      const { from, to, head } = selection.main;
      run.current(doc.toString(), doc.sliceString(from, to), head);
      return true;
    };
    const editor = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: initial,
        extensions: [
          lineNumbers(),
          history(),
          drawSelection(),
          indentOnInput(),
          bracketMatching(),
          closeBrackets(),
          autocompletion(),
          Prec.highest(keymap.of([{ key: "Mod-Enter", run: submit }])),
          keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
          EditorView.lineWrapping,
          EditorView.updateListener.of(({ docChanged, state }) => {
            if (docChanged) change.current?.(state.doc.toString());
          }),
          EditorView.contentAttributes.of({ "aria-label": label }),
          languages.current.of(language),
          look,
        ],
      }),
    });
    view.current = editor;
    onReady?.(editor);
    if (focus) editor.focus();
    return () => editor.destroy();
    // The editor keeps its own text from here on.
  }, []);
  useEffect(() => {
    view.current?.dispatch({ effects: languages.current.reconfigure(language) });
  }, [language]);
  return <div ref={host} class="editor" />;
}
