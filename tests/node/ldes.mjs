// Follows an event stream: ldes.mjs URL ORDER [state folder | -] [materialize]. Tells a member a line as JSON:
// its name, its time, its quads as N-Quads.
import { intoConfig, replicateLDES } from 'ldes-client'

const [url, order, state, materialize] = process.argv.slice(2)

function term(node) {
  if (node.termType === 'NamedNode') return `<${node.value}>`
  const text = JSON.stringify(node.value)
  return node.language ? `${text}@${node.language}` : `${text}^^<${node.datatype.value}>`
}

function line({ subject, predicate, object, graph }) {
  const name = graph.termType === 'DefaultGraph' ? '' : ` ${term(graph)}`
  return `${term(subject)} ${term(predicate)} ${term(object)}${name} .\n`
}

// ldes-client 0.3.0 takes pages of an ordered walk as they come: only one at a time keeps the order
const client = replicateLDES(intoConfig({
  url,
  concurrentFetches: 1,
  ...(state && state !== '-' ? { statePath: state } : { startFresh: true }),
  ...(materialize && { materialize: true, lastVersionOnly: true }),
}), order)
client.on('error', (error) => { console.error(error); process.exit(1) })
const reader = client.stream({ highWaterMark: 10 }).getReader()
for (;;) {
  const { done, value } = await reader.read()
  if (value) {
    const quads = value.quads.map(line).join('')
    console.log(JSON.stringify({ id: value.id.value, time: value.timestamp, quads }))
  }
  if (done) break
}
