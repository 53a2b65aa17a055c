// The same query from elsewhere: a shell, Python, R. What is pasted is quoted for each of them.
const shell = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
const python = (text) => JSON.stringify(text); // JSON's escapes are Python's
const r = (text) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n").replaceAll("\r", "\\r").replaceAll("\t", "\\t")}"`;

export const snippets = {
  curl: (endpoint, query) => `curl -H 'Accept: text/csv' --data-urlencode query=${shell(query)} ${shell(endpoint)}`,
  Python: (endpoint, query) =>
    `from SPARQLWrapper import CSV, SPARQLWrapper\n\nclient = SPARQLWrapper(${python(endpoint)}, returnFormat=CSV)\nclient.setQuery(${python(query)})\nprint(client.query().convert().decode())\n`,
  R: (endpoint, query) => `library(httr2)\n\nrequest(${r(endpoint)}) |>\n  req_headers(Accept = "text/csv") |>\n  req_body_form(query = ${r(query)}) |>\n  req_perform() |>\n  resp_body_string() |>\n  textConnection() |>\n  read.csv()\n`,
};
