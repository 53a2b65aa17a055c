// CodeMirror 6 in place of the textarea, in a shadow root: its styles are then adopted style sheets,
// which the site's Content-Security-Policy (no inline styles) allows.
import { autocompletion, closeBrackets, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { HighlightStyle, bracketMatching, syntaxHighlighting } from "@codemirror/language";
import { setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { EditorView, drawSelection, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { sparql } from "codemirror-lang-sparql";
import { completionSource } from "./completions.js";

// Colours are the site's custom properties, which reach into a shadow root and follow light and dark.
const highlighting = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--link)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--warm)" },
  { tag: [tags.variableName, tags.definition(tags.variableName)], color: "var(--visited)" },
  { tag: [tags.comment, tags.lineComment], color: "var(--soft)", fontStyle: "italic" },
  { tag: [tags.number, tags.bool, tags.literal], color: "var(--warm)" },
]);

const theme = EditorView.theme({
  "&": { backgroundColor: "var(--shade)", color: "var(--ink)", border: "1px solid var(--soft)", fontSize: ".9rem" },
  "&.cm-focused": { outline: "3px solid var(--link)", outlineOffset: "2px" },
  ".cm-content": { fontFamily: 'ui-monospace, "DejaVu Sans Mono", monospace', minHeight: "14rem", caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-scroller": { overflow: "auto", maxHeight: "32rem" },
  ".cm-gutters": { backgroundColor: "var(--shade)", color: "var(--soft)", borderRight: "1px solid var(--line)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { background: "var(--line)" },
  ".cm-tooltip": { backgroundColor: "var(--paper)", color: "var(--ink)", border: "1px solid var(--soft)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { background: "var(--link)", color: "var(--paper)" },
  ".cm-matchingBracket": { outline: "1px solid var(--soft)", background: "none" },
});

export function createEditor(textarea, { words, completions, search, run }) {
  const host = document.createElement("div");
  host.id = "query-editor";
  const root = host.attachShadow({ mode: "open" });
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: textarea.value,
      extensions: [
        lineNumbers(),
        history(),
        drawSelection(),
        bracketMatching(),
        closeBrackets(),
        sparql(),
        syntaxHighlighting(highlighting),
        theme,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": words.queryText, spellcheck: "false", tabindex: "0" }),
        autocompletion({ override: [completionSource(completions, search)] }),
        // Tab is left to the browser, so that the keyboard is never caught here (WCAG 2.1.2).
        keymap.of([
          { key: "Mod-Enter", run: () => (run(), true) },
          ...completionKeymap,
          ...historyKeymap,
          ...defaultKeymap,
        ]),
      ],
    }),
  });
  textarea.before(host);
  textarea.hidden = true;
  textarea.required = false; // hidden fields can't be pointed at by the browser's own message
  const label = document.querySelector(`label[for="${textarea.id}"]`);
  label?.addEventListener("click", () => view.focus());

  return {
    text: () => view.state.doc.toString(),
    replace(text) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
      view.focus();
    },
    clearProblem: () => view.dispatch(setDiagnostics(view.state, [])),
    showProblem({ line, column, detail }) {
      if (!line || line > view.state.doc.lines) return;
      const { from, to } = view.state.doc.line(line);
      const start = Math.min(from + Math.max((column ?? 1) - 1, 0), to);
      view.dispatch(
        setDiagnostics(view.state, [
          { from: Math.min(start, Math.max(from, to - 1)), to: Math.max(start + 1, Math.min(start + 1, to)), severity: "error", message: detail.split("\n")[0] },
        ]),
        { selection: { anchor: start }, scrollIntoView: true },
      );
      view.focus();
    },
  };
}
