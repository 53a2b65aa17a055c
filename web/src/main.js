// The query page with JavaScript: the plain form stays what is sent, everything here is added to it.
import { createEditor } from "./editor.js";
import { createHistory } from "./history.js";
import { runQuery } from "./request.js";
import { showProblem, showResult } from "./result.js";
import { snippets } from "./snippets.js";

const form = document.getElementById("query-form");
if (form) enhance(form);

function enhance(form) {
  const words = JSON.parse(form.dataset.words);
  const textarea = form.elements.namedItem("query");
  const output = document.getElementById("query-output");
  const endpoint = new URL(form.getAttribute("action"), location.href);
  const editor = createEditor(textarea, {
    words,
    completions: form.dataset.completions,
    search: form.dataset.search,
    run: () => run(),
  });
  const history = createHistory();
  let running = null;

  async function run() {
    const query = editor.text();
    running?.abort();
    running = new AbortController();
    const started = performance.now();
    output.replaceChildren(message(words.running));
    editor.clearProblem();
    const outcome = await runQuery(endpoint, query, running.signal);
    if (outcome.aborted) return;
    const seconds = (performance.now() - started) / 1000;
    if (outcome.problem) {
      showProblem(output, outcome.problem, words);
      editor.showProblem(outcome.problem);
      return;
    }
    history.add(query);
    listHistory();
    showResult(output, outcome.result, { endpoint, query, seconds, words, place: form.dataset.place });
  }

  form.addEventListener("submit", (event) => {
    const format = form.elements.namedItem("format");
    textarea.value = editor.text();
    if (format && format.value) return; // a file: the browser fetches it as without JavaScript
    event.preventDefault();
    run();
  });

  const tools = document.createElement("div");
  tools.className = "controls";
  const examples = select(words.examples, JSON.parse(form.dataset.examples), (example) => {
    editor.replace(example.text);
    run();
  });
  const past = document.createElement("span");
  const copies = document.createElement("span");
  copies.className = "controls";
  for (const [name, write] of Object.entries(snippets)) {
    copies.append(copyButton(`${words.copyAs} ${name}`, () => write(endpoint.href, editor.text()), words));
  }
  tools.append(examples, past, copies);
  form.append(tools);

  function listHistory() {
    const entries = history.entries();
    past.replaceChildren();
    if (entries.length === 0) return;
    past.append(
      select(
        words.history,
        entries.map((text) => ({ title: text.replace(/\s+/g, " ").slice(0, 80), text })),
        (entry) => editor.replace(entry.text),
      ),
    );
  }
  listHistory();
}

function message(text) {
  const paragraph = document.createElement("p");
  paragraph.className = "note";
  paragraph.setAttribute("role", "status");
  paragraph.textContent = text;
  return paragraph;
}

function select(label, options, choose) {
  const wrapper = document.createElement("label");
  wrapper.className = "choice";
  const list = document.createElement("select");
  list.append(new Option(label, ""));
  options.forEach((option, index) => list.append(new Option(option.title, String(index))));
  list.addEventListener("change", () => {
    if (list.value !== "") choose(options[Number(list.value)]);
  });
  const text = document.createElement("span");
  text.textContent = label;
  text.className = "visually-hidden";
  wrapper.append(text, list);
  return wrapper;
}

function copyButton(label, write, words) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = label;
  button.addEventListener("click", async () => {
    const text = write();
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = words.copied;
      setTimeout(() => (button.textContent = label), 2000);
    } catch {
      showText(button, text); // no clipboard here: the text itself can be selected
    }
  });
  return button;
}

function showText(button, text) {
  let shown = button.parentElement.querySelector("pre");
  if (!shown) {
    shown = document.createElement("pre");
    shown.className = "code";
    shown.tabIndex = 0;
    button.parentElement.append(shown);
  }
  shown.textContent = text;
}
