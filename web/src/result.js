// A result as people look at it: a table, and a chart or a map where the columns are such.
import { barChart, chartColumns } from "./chart.js";
import { mapColumns, pointMap } from "./map.js";

const SHOWN = 1000; // rows; a file holds them all
const FORMATS = { rows: ["csv", "json"], triples: ["ttl", "jsonld"], boolean: ["json"] };
const NAMES = { csv: "CSV", json: "JSON", ttl: "Turtle", jsonld: "JSON-LD" };

export function showProblem(output, problem, words) {
  const box = element("div", { class: "conflict", role: "alert" });
  box.append(element("p", {}, element("strong", {}, words.failed)), element("pre", { class: "problem" }, problem.detail));
  output.replaceChildren(box);
}

export function showResult(output, result, { endpoint, query, seconds, words, place }) {
  const section = element("section", { "aria-labelledby": "result" });
  section.append(element("h2", { id: "result" }, words.result));
  const count = result.kind === "boolean" ? (result.value ? words.yes : words.no) : words.rows.replace("{rows}", format(result.rows.length));
  const status = element("p", { class: "note", role: "status" }, `${count} · ${seconds.toFixed(2)} s`);
  section.append(status, downloads(endpoint, query, result, words));
  if (result.kind === "boolean") {
    section.append(element("p", { class: "answer" }, count));
    output.replaceChildren(section);
    return;
  }
  const empty = result.rows.length > 0 && result.rows.every((row) => row.every((cell) => cell === null));
  if (empty) section.append(element("p", { class: "hint" }, words.allEmpty));
  const views = { table: () => table(result, endpoint, place, words) };
  const bars = chartColumns(result);
  if (bars) views.chart = () => barChart(result, bars, words);
  const points = mapColumns(result);
  if (points) views.map = () => pointMap(result, points, words);
  const pane = element("div", {});
  const names = Object.keys(views);
  if (names.length > 1) {
    const group = element("div", { class: "controls", role: "group", "aria-label": words.view });
    for (const name of names) {
      const button = element("button", { type: "button", class: "quiet", "aria-pressed": String(name === "table") }, words[name]);
      button.addEventListener("click", () => {
        pane.replaceChildren(views[name]());
        for (const other of group.children) other.setAttribute("aria-pressed", String(other === button));
      });
      group.append(button);
    }
    section.append(group);
  }
  pane.append(views.table());
  section.append(pane);
  output.replaceChildren(section);
}

function downloads(endpoint, query, result, words) {
  const line = element("p", { class: "note downloads" });
  const address = (format) => {
    const url = new URL(endpoint);
    url.search = new URLSearchParams(format ? { query, format } : { query }).toString();
    return url.href;
  };
  for (const suffix of FORMATS[result.kind]) {
    line.append(element("a", { href: address(suffix), download: `twingraph-${digest(query)}.${suffix}` }, NAMES[suffix]), " · ");
  }
  line.append(element("a", { href: address("") }, words.link));
  return line;
}

function table({ columns, rows }, endpoint, place, words) {
  const scroll = element("div", { class: "scroll", tabindex: "0", role: "group", "aria-labelledby": "result" });
  const head = element("tr", {}, ...columns.map((name) => element("th", { scope: "col" }, name)));
  const body = element("tbody", {});
  for (const row of rows.slice(0, SHOWN)) body.append(element("tr", {}, ...row.map((term) => element("td", {}, cell(term, endpoint, place)))));
  scroll.append(element("table", {}, element("thead", {}, head), body));
  if (rows.length > SHOWN) scroll.append(element("p", { class: "note" }, words.cut.replace("{rows}", format(SHOWN))));
  return scroll;
}

function cell(term, endpoint, place) {
  if (term === null) return "";
  if (term.type === "uri") return link(term.value, endpoint, place);
  if (term.type === "bnode") return element("code", {}, term.value);
  const text = element("span", term["xml:lang"] ? { lang: term["xml:lang"] } : {}, term.value);
  return term["xml:lang"] ? element("span", {}, text, element("span", { class: "tag" }, ` (${term["xml:lang"]})`)) : text;
}

// An IRI of the data leads to its page on this site, wherever the site stands; any other leads there.
function link(iri, endpoint, base) {
  const here = base && iri.startsWith(base) ? new URL(iri.slice(base.length), endpoint).href : iri;
  if (!/^https?:/.test(here)) return element("code", {}, iri); // javascript: and the like lead nowhere
  const name = base && iri.startsWith(base) ? iri.slice(base.length) : iri;
  return element("a", { href: here }, decode(name));
}

function decode(text) {
  try {
    return decodeURI(text);
  } catch {
    return text;
  }
}

function format(number) {
  return number.toLocaleString(document.documentElement.lang);
}

// Names the downloaded file after the query: the same query, the same name (FNV-1a, 32 bits).
function digest(text) {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, "0");
}

export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

export function svg(name, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}
