// The listener of conntrack-tools, `conntrack -E`, with the arguments of native/conntrack-events.c as `listen`.
//
//   node tool-listener.mjs listen 212992 0
//
// What it prints goes to /dev/null. Its socket has the default buffer: the -b of 1.4.7 enlarges another one.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

const NETLINK_NETFILTER = '12'

const child = spawn('conntrack', ['-E', '-e', 'NEW,DESTROY'], { stdio: ['ignore', 'ignore', 'pipe'] })
let complaints = ''
child.stderr.setEncoding('utf8').on('data', (text) => {
  complaints += text
})
const ended = once(child, 'close')
process.once('SIGTERM', () => child.kill('SIGTERM'))
while (!isListening()) {
  if (child.exitCode !== null) throw new Error(complaints)
  await delay(5)
}
console.log('ready')
await ended
const events = Number(/: (\d+) flow events/.exec(complaints)?.[1] ?? 0)
console.log(JSON.stringify({ events, overruns: complaints.includes('ENOBUFS') ? 1 : 0 }))

/** Nobody else in this namespace listens. */
function isListening() {
  return readFileSync('/proc/self/net/netlink', 'utf8')
    .split('\n')
    .map((line) => line.split(/\s+/))
    .some(
      ([, protocol, , groups]) => protocol === NETLINK_NETFILTER && Number.parseInt(groups ?? '0', 16) > 0,
    )
}
