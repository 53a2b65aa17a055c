// What pages do with JavaScript: names offered while they are typed, tables sorted by their heads.
"use strict";
const MOST = 10; // options of a list
const PAUSE = 120; // milliseconds between the last key and the question
const root = new URL("..", document.currentScript.src);
const { lang } = document.documentElement;
const words = JSON.parse(document.body.dataset.words);

const element = (name, attributes = {}, text = "") => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
};

// --- names

const json = async (path, signal) => {
  const answer = await fetch(new URL(path, root), { signal });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
};

const ask = async (typed, signal) => {
  const query = new URLSearchParams({ q: typed, lang, limit: MOST });
  const { results } = await json(`search.json?${query}`, signal);
  return results.filter(({ path }) => path);
};

// As `spelled` and `file_of` of site/name_index.py.
const spelled = (text) => text.normalize("NFKD").replace(/[\p{M}'`’ʻʼ]/gu, "").toLowerCase()
  .replace(/[^\p{L}\p{N}]+/gu, " ").trim();
const fileOf = (prefix) => `search/by-${[...prefix].map((letter) =>
  /[a-z0-9]/.test(letter) ? letter
    : letter === " " ? "-" : `~${letter.codePointAt(0).toString(16)}`).join("")}.json`;

let index;
const lookUp = async (typed, signal) => {
  const asked = spelled(typed);
  const prefixes = await (index ??= json("search/index.json").catch((error) => {
    index = undefined;
    throw error;
  }));
  const prefix = prefixes.filter((each) => asked.startsWith(each))
    .reduce((longest, each) => (each.length > longest.length ? each : longest), "");
  const found = new Map();
  for (const [form, name, path, kind] of prefix ? await json(fileOf(prefix), signal) : []) {
    if (form.startsWith(asked) && !found.has(path))
      found.set(path, { label: name, kind, path: `${lang}/${path}` });
  }
  return [...found.values()].slice(0, MOST);
};

const find = "copy" in document.documentElement.dataset ? lookUp : ask;

const combobox = (form) => {
  const input = form.querySelector("input[type=search]");
  const id = `${input.id}-options`;
  const list = element("ul", {
    id, role: "listbox", class: "options", hidden: "", "aria-label": input.ariaLabel,
  });
  const status = element("p", { role: "status", class: "visually-hidden" });
  let options = [];
  let active = -1;
  let timer;
  let asking = new AbortController();

  const choose = (next) => {
    active = next;
    options.forEach(({ row }, place) => row.setAttribute("aria-selected", place === next));
    if (next < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", options[next].row.id);
  };
  const open = (wanted) => {
    const shown = wanted && options.length > 0;
    list.hidden = !shown;
    input.setAttribute("aria-expanded", shown);
    choose(-1);
  };
  const stop = () => {
    clearTimeout(timer);
    asking.abort();
  };
  const show = (found) => {
    options = found.map(({ label, matched = label, kind, path }, place) => {
      const row = element("li", { id: `${id}-${place}`, role: "option" }, label);
      const alias = matched === label ? "" : `${matched} · `;
      row.append(" ", element("span", { class: "note" }, alias + words.kinds[kind]));
      const href = new URL(path, root).href;
      row.addEventListener("click", () => location.assign(href));
      return { row, href };
    });
    list.replaceChildren(...options.map(({ row }) => row));
    status.textContent = `${words.results} ${options.length}`;
    open(true);
  };

  input.addEventListener("input", () => {
    stop();
    const typed = input.value.trim();
    if (!typed) {
      status.textContent = "";
      open(false);
      return;
    }
    const { signal } = (asking = new AbortController());
    timer = setTimeout(async () => {
      try {
        const found = await find(typed, signal);
        if (!signal.aborted) show(found);
      } catch {
        if (!signal.aborted) open(false); // the form still leads to the page of results
      }
    }, PAUSE);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && options.length) {
      event.preventDefault();
      if (list.hidden) open(true);
      const count = options.length;
      choose(active < 0 && step < 0 ? count - 1 : (active + step + count) % count);
    } else if (event.key === "Enter" && active >= 0) {
      event.preventDefault();
      location.assign(options[active].href);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      stop();
      open(false);
    }
  });
  input.addEventListener("blur", () => {
    stop();
    open(false);
  });
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays
  input.type = "text"; // a search box may be no combobox
  for (const [key, value] of Object.entries({
    role: "combobox", "aria-controls": id, "aria-expanded": "false", "aria-autocomplete": "list",
    enterkeyhint: "search",
  })) input.setAttribute(key, value);
  form.append(list, status);
};

// --- tables

const { compare } = new Intl.Collator(lang, { numeric: true });
const marks = Object.fromEntries(new Intl.NumberFormat(lang, { useGrouping: "always" })
  .formatToParts(12345.6).map(({ type, value }) => [type, value]));

const textOf = (cell) => (cell.querySelector(".absent") ? ""
  : cell.querySelector("time")?.dateTime || cell.textContent.trim());
const numberOf = (text) => (/^[\d.,\s]+(km|%)?$/.test(text)
  ? Number(text.replace(/[^\d.,]/g, "").replaceAll(marks.group, "").replace(marks.decimal, "."))
  : NaN);
const yearOf = (text) => Number(/\b\d{4}\b/.exec(text)?.[0] ?? NaN);

const sort = (body, column, sign) => {
  const rows = [...body.rows].map((row) => ({ row, text: textOf(row.cells[column]) }));
  const stated = rows.filter(({ text }) => text);
  const value = [numberOf, yearOf].find((read) => stated.every(({ text }) => read(text) >= 0))
    ?? (() => 0);
  stated.sort((one, other) =>
    sign * (value(one.text) - value(other.text) || compare(one.text, other.text)));
  body.append(...[...stated, ...rows.filter(({ text }) => !text)].map(({ row }) => row));
};

const sortable = (table) => {
  const heads = [...table.tHead.rows[0].cells];
  table.classList.add("sorts");
  heads.forEach((head, column) => {
    const button = element("button", { type: "button", class: "sort" }, head.textContent);
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const order = head.ariaSort === "ascending" ? "descending" : "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", order);
      sort(table.tBodies[0], column, order === "ascending" ? 1 : -1);
    });
  });
};

document.querySelectorAll("form.finder").forEach(combobox);
for (const table of document.querySelectorAll("table.sortable"))
  if (table.tBodies[0].rows.length > 1) sortable(table);
