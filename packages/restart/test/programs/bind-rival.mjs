// Tries to get ports that belong to somebody else, over and over, until it is told to stop.
import { createRequire } from 'node:module'
import { say } from './say.mjs'

const addon = createRequire(import.meta.url)('../../binding.cjs')
const ports = process.argv.slice(2).map(Number)
let attempts = 0
const won = []

function round() {
  for (const port of ports) {
    attempts += 1
    try {
      won.push(port)
      addon.closeFd(addon.listenTcp('127.0.0.1', port, 1, 0))
    } catch {
      won.pop()
    }
  }
}

round()
say({ attempts, won: won.length })
process.stdin.once('data', () => {
  say({ attempts, won: won.length })
  process.exit(0)
})
;(function again() {
  round()
  setImmediate(again)
})()
