// What may be written where the cursor is: terms of the vocabularies, prefixes, variables, keywords,
// and, behind the prefix of a kind of thing (place:, orgid: …), what the site's search finds.
const KEYWORDS = (
  "ASK BASE BIND BY CONSTRUCT COUNT DESCRIBE DISTINCT EXISTS FILTER FROM GRAPH GROUP HAVING LIMIT " +
  "MINUS NAMED NOT OFFSET OPTIONAL ORDER PREFIX SELECT UNION VALUES WHERE AVG MAX MIN SUM " +
  "GROUP_CONCAT SAMPLE AS IN STR LANG LANGMATCHES DATATYPE BOUND IRI REGEX CONTAINS STRSTARTS " +
  "REPLACE COALESCE IF YEAR MONTH DAY ASC DESC"
).split(" ");

export function completionSource(termsUrl, searchUrl) {
  let loading = null;
  const terms = () =>
    (loading ??= fetch(termsUrl, { headers: { accept: "application/json" } })
      .then((response) => (response.ok ? response.json() : { prefixes: {}, terms: [], kinds: {} }))
      .catch(() => ((loading = null), { prefixes: {}, terms: [], kinds: {} })));

  return async (context) => {
    const word = context.matchBefore(/[?$]?[\w-]*:?[\p{L}\p{N}_.-]*$/u);
    if (!word || (word.from === word.to && !context.explicit)) return null;
    const text = word.text;
    if (/^[?$]/.test(text)) return { from: word.from, options: variables(context) };
    const { prefixes, terms: known, kinds } = await terms();
    const [prefix, local] = text.includes(":") ? [text.slice(0, text.indexOf(":")), text.slice(text.indexOf(":") + 1)] : [null, ""];
    if (prefix !== null && kinds[prefix] && local.length > 0) {
      return { from: word.from, options: await things(searchUrl, prefix, kinds[prefix], local), filter: false };
    }
    const options = known.map(({ name, label, detail, kind }) => ({ label: name, detail: label, info: detail, type: kind }));
    if (prefix === null) {
      options.push(...KEYWORDS.map((keyword) => ({ label: keyword, type: "keyword" })));
      for (const [name, iri] of Object.entries(prefixes)) {
        options.push({ label: `${name}:`, detail: iri, type: "namespace" });
        options.push({ label: `PREFIX ${name}:`, detail: iri, apply: `PREFIX ${name}: <${iri}>\n`, type: "keyword" });
      }
    }
    return { from: word.from, options, validFor: /^[\w-]*:?[\w-]*$/ };
  };
}

function variables(context) {
  const found = new Set(context.state.doc.toString().match(/[?$][A-Za-z_]\w*/g) ?? []);
  return [...found].map((label) => ({ label, type: "variable" }));
}

async function things(searchUrl, prefix, kind, text) {
  const url = new URL(searchUrl, location.href);
  url.searchParams.set("q", text.replaceAll("-", " "));
  try {
    const response = await fetch(url, { headers: { accept: "application/json" } });
    if (!response.ok) return [];
    const { results } = await response.json();
    return results
      .filter((hit) => hit.kind === kind)
      .map((hit) => ({ label: `${prefix}:${hit.iri.slice(hit.iri.lastIndexOf("/") + 1)}`, detail: hit.label, type: "constant" }));
  } catch {
    return [];
  }
}
