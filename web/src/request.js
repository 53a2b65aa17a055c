// One query to the endpoint (SPARQL 1.1 Protocol §2.1), and its result or why there is none.
const ACCEPT = "application/sparql-results+json, application/n-triples;q=0.9, application/problem+json;q=0.8";
const LONG = 4000; // characters of an address that everything between here and there passes on

export async function runQuery(endpoint, query, signal) {
  const url = new URL(endpoint);
  const body = new URLSearchParams({ query });
  const long = query.length > LONG;
  if (!long) url.search = body.toString();
  try {
    const response = await fetch(url, {
      method: long ? "POST" : "GET",
      headers: { accept: ACCEPT },
      body: long ? body : undefined,
      signal,
    });
    const type = (response.headers.get("content-type") ?? "").split(";")[0];
    if (!response.ok) {
      const text = await response.text();
      try {
        const problem = JSON.parse(text);
        return { problem: { ...problem, detail: problem.detail ?? problem.title ?? text } };
      } catch {
        return { problem: { status: response.status, detail: text || String(response.status) } };
      }
    }
    if (type === "application/n-triples") return { result: triples(await response.text()) };
    return { result: bindings(await response.json()) };
  } catch (error) {
    if (error.name === "AbortError") return { aborted: true };
    return { problem: { detail: String(error.message ?? error) } };
  }
}

function bindings(json) {
  if ("boolean" in json) return { kind: "boolean", value: json.boolean };
  return { kind: "rows", columns: json.head.vars, rows: json.results.bindings.map((row) => json.head.vars.map((name) => row[name] ?? null)) };
}

const TERM = /<([^>]*)>|(_:\S+)|"((?:[^"\\]|\\.)*)"(?:@([A-Za-z0-9-]+)|\^\^<([^>]*)>)?/g;

function triples(text) {
  const rows = [];
  for (const line of text.split("\n")) {
    const row = [...line.matchAll(TERM)].slice(0, 3).map(([, iri, blank, value, lang, datatype]) => {
      if (iri !== undefined) return { type: "uri", value: unescape(iri) };
      if (blank !== undefined) return { type: "bnode", value: blank };
      return { type: "literal", value: unescape(value), "xml:lang": lang, datatype };
    });
    if (row.length === 3) rows.push(row);
  }
  return { kind: "triples", columns: ["subject", "predicate", "object"], rows };
}

const ESCAPES = { t: "\t", b: "\b", n: "\n", r: "\r", f: "\f", '"': '"', "'": "'", "\\": "\\" };

function unescape(text) {
  return text.replace(/\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))/g, (_, short, long, mark) =>
    mark !== undefined ? (ESCAPES[mark] ?? mark) : String.fromCodePoint(parseInt(short ?? long, 16)),
  );
}
