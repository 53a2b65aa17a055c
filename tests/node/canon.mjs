// One document a line on standard input: {"name", "document", "context"?, "quads"}. Is what jsonld.js reads in
// the document, made canonical, just what stands in the N-Quads? Tells how many are, and which are not.
import { createInterface } from 'node:readline'
import jsonld from 'jsonld'

const refuse = async (url) => { throw new Error(`${url} is not to be fetched`) }
const options = { algorithm: 'RDFC-1.0', documentLoader: refuse }

async function differs({ document, context, quads }) {
  const found = await jsonld.canonize(document, { ...options, ...(context && { expandContext: context }) })
  const wanted = await jsonld.canonize(quads, { ...options, inputFormat: 'application/n-quads' })
  if (found === wanted && wanted !== '') return ''
  const [ours, theirs] = [found, wanted].map((text) => new Set(text.split('\n')))
  const only = (here, there) => [...here].filter((line) => !there.has(line)).slice(0, 3)
  return JSON.stringify({ onlyInDocument: only(ours, theirs), onlyInQuads: only(theirs, ours) })
}

let all = 0
const wrong = {}
for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const one = JSON.parse(line)
  all += 1
  const found = await differs(one).catch((error) => `${error}`)
  if (found) wrong[one.name] = found
}
console.log(JSON.stringify({ all, right: all - Object.keys(wrong).length, wrong }))
