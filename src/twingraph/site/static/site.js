// Names are offered while they are typed, tables sorted by the heads of their columns.
"use strict";
const MOST = 10; // options of a list
const PAUSE = 120; // milliseconds between the last key and the question
const root = new URL("..", document.currentScript.src);
const { lang, dataset } = document.documentElement;
const words = JSON.parse(document.body.dataset.words);

const set = (node, attributes) => {
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
};
const element = (name, attributes, text = "") => {
  const made = document.createElement(name);
  set(made, attributes);
  made.textContent = text;
  return made;
};

// names

const json = async (path, signal) => (await fetch(new URL(path, root), { signal })).json();

const ask = async (q, signal) => (await json(
  `search.json?${new URLSearchParams({ q, lang, limit: MOST })}`, signal,
)).results.filter(({ path }) => path);

const find = "copy" in dataset ? lookUp : ask;

const combobox = (form) => {
  const input = form.querySelector("input");
  const id = `${input.id}-options`;
  const list = element("ul", {
    id, role: "listbox", class: "options", hidden: "", "aria-label": input.getAttribute("aria-label"),
  });
  const status = element("p", { role: "status", class: "visually-hidden" });
  let options = [];
  let active, asking;

  const choose = (place) => {
    active = options[place];
    options.forEach((each) => each.setAttribute("aria-selected", each === active));
    if (active) input.setAttribute("aria-activedescendant", active.id);
    else input.removeAttribute("aria-activedescendant");
  };
  const open = (wanted) => {
    list.hidden = !(wanted && options.length);
    input.setAttribute("aria-expanded", !list.hidden);
    choose();
  };
  const close = () => {
    asking?.abort();
    open(false);
  };
  const go = (option) => location.assign(new URL(option.dataset.path, root));
  const show = (found) => {
    options = found.map(({ label, matched = label, kind, path }, place) => {
      const option = element("li", { id: `${id}-${place}`, role: "option", "data-path": path }, label);
      const alias = matched === label ? "" : `${matched} · `;
      option.append(" ", element("span", { class: "note" }, alias + words.kinds[kind]));
      option.onclick = () => go(option);
      return option;
    });
    list.replaceChildren(...options);
    status.textContent = `${words.results} ${options.length}`;
    open(true);
  };

  input.addEventListener("input", () => {
    asking?.abort();
    const { signal } = (asking = new AbortController());
    const typed = input.value.trim();
    if (!typed) close();
    else setTimeout(() => find(typed, signal) // aborted by then, it asks nothing
      .then((found) => signal.aborted || show(found))
      .catch(() => signal.aborted || close()), PAUSE);
  });
  input.addEventListener("keydown", (event) => {
    const { key } = event;
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    const { length } = options;
    if (event.isComposing) return;
    if (step && length) {
      const place = active ? options.indexOf(active) + step : (step - 1) / 2;
      open(true);
      choose((place + length) % length);
    } else if (key === "Enter" && active) go(active);
    else if (key === "Escape" && !list.hidden) close();
    else return;
    event.preventDefault();
  });
  input.addEventListener("blur", close);
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays
  set(input, {
    type: "text", // a search box may be no combobox
    role: "combobox", "aria-controls": id, "aria-expanded": false, "aria-autocomplete": "list",
  });
  form.append(list, status);
};

// tables

const { compare } = new Intl.Collator(lang, { numeric: true });
const textOf = (cell) => (cell.querySelector(".absent") ? ""
  : cell.querySelector("time")?.dateTime || cell.textContent.trim());
const numberOf = (text) => // a whole number, grouped as any language does
  (/^\d+([.,\s]\d{3})*(\s?km)?$/.test(text) ? +text.replace(/\D/g, "") : NaN);
const yearOf = (text) => +(/\b\d{4}\b/.exec(text) ?? NaN);

for (const table of document.querySelectorAll("table.sortable")) {
  const [body] = table.tBodies;
  if (body.rows.length < 2) continue;
  const heads = [...table.tHead.rows[0].cells];
  table.classList.add("sorts");
  heads.forEach((head, column) => {
    const button = element("button", { type: "button", class: "sort" }, head.textContent);
    head.replaceChildren(button);
    button.onclick = () => {
      const up = head.ariaSort !== "ascending";
      for (const each of heads) each.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const rows = [...body.rows].map((row) => [textOf(row.cells[column]), row]);
      const stated = rows.filter(([text]) => text);
      const value = [numberOf, yearOf].find((read) => stated.every(([text]) => read(text) >= 0));
      stated.sort(([one], [other]) =>
        (up ? 1 : -1) * (value?.(one) - value?.(other) || compare(one, other)));
      body.append(...[...stated, ...rows.filter(([text]) => !text)].map(([, row]) => row));
    };
  });
}
document.querySelectorAll("form.finder").forEach(combobox);
