// Parks more than it may, as a user without privileges and with few or many descriptors.
import { fstatSync, readdirSync } from 'node:fs'
import { openParked, park, unpark } from '@slatfatf/restart'
import { hear, refusal, say } from './say.mjs'

const [way, count] = process.argv.slice(2)
const many = Array(Number(count)).fill(0)
const openDescriptors = () => readdirSync('/proc/self/fd').length

if (way === 'sender') {
  const before = openDescriptors()
  const refused = await refusal(() => park(many))
  const leaked = openDescriptors() - before
  // What was sent before the refusal no longer counts.
  const second = park(many.slice(0, 100))
  const grown = await refusal(() => second.add(many))
  say({
    refused,
    leaked,
    grown: grown?.code ?? null,
    count: second.count,
    stdin: fstatSync(0).isFIFO() || fstatSync(0).isSocket(),
  })
}

// Descriptors 3 and 4 are the ends of a park.
if (way === 'receiver') {
  const parked = openParked([3, 4])
  const before = openDescriptors()
  const refused = await refusal(() => unpark([3, 4]))
  say({ count: parked.count, refused, leaked: openDescriptors() - before })
}

if (way === 'copier') {
  say(openParked([4, 3]).copy().length)
}
await hear()
