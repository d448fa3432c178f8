// Writes to a mapped file without ever closing it: somebody kills this process.
import { createMappedFile } from '@slatfatf/restart'
import { hear, say } from './say.mjs'

const [path, sizeBytes] = process.argv.slice(2)
const file = createMappedFile({ path, sizeBytes: Number(sizeBytes), version: 5 })
const numbers = new Float64Array(file.buffer)
for (let index = 0; index < numbers.length; index++) numbers[index] = index / 3
say('written')
await hear()
