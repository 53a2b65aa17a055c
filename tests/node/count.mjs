// How many distinct quads n3.js and jsonld-streaming-parser read in the files named on the command line.
// Prints {"file": {"n3": n} | {"jsonld-streaming-parser": n} | {"error": text}}.
import { createReadStream, readFileSync } from 'node:fs'
import { JsonLdParser } from 'jsonld-streaming-parser'
import N3 from 'n3'

const FORMATS = { '.ttl': 'text/turtle', '.nt': 'application/n-triples', '.nq': 'application/n-quads', '.trig': 'application/trig' }
const key = (quad) => [quad.subject, quad.predicate, quad.object, quad.graph].map((term) => `${term.termType} ${term.value} ${term.language ?? ''} ${term.datatype?.value ?? ''}`).join('\n')

// Where a document names a context by its address, the file beside it is meant; nothing is fetched.
async function jsonld(file) {
  const context = process.env.CONTEXT ? JSON.parse(readFileSync(process.env.CONTEXT, 'utf8')) : {}
  const documentLoader = { load: async () => context }
  const parser = new JsonLdParser({ documentLoader, baseIRI: 'https://w3id.org/twingraph/' })
  const found = new Set()
  return new Promise((resolve, reject) => {
    parser.on('data', (quad) => found.add(key(quad)))
    parser.on('error', reject)
    parser.on('end', () => resolve(found.size))
    createReadStream(file).pipe(parser)
  })
}

function n3(file, format) {
  const found = new Set()
  for (const quad of new N3.Parser({ format }).parse(readFileSync(file, 'utf8'))) found.add(key(quad))
  return found.size
}

const result = {}
for (const file of process.argv.slice(2)) {
  const suffix = file.slice(file.lastIndexOf('.'))
  try {
    result[file] = suffix === '.jsonld' ? { 'jsonld-streaming-parser': await jsonld(file) } : { n3: n3(file, FORMATS[suffix]) }
  } catch (error) {
    result[file] = { error: `${error}` }
  }
}
console.log(JSON.stringify(result))
