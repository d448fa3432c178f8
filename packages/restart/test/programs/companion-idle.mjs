// Keeps something and has nothing more to do: the connection must not hold it open.
import { createRequire } from 'node:module'
import { openCompanion } from '@slatfatf/restart'

const addon = createRequire(import.meta.url)('../../binding.cjs')
const companion = await openCompanion({ path: process.argv[2] })
const fd = addon.listenTcp('127.0.0.1', 0, 1, 0)
await companion.keep('one', [fd])
console.log(JSON.stringify('kept'))
