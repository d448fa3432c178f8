// A next version that speaks the hand-over by hand, and does something wrong at one step of it.
import { execFileSync } from 'node:child_process'
import { appendFileSync, readdirSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { closeDescriptor, openChannel } from '@slatfatf/restart'

const folder = process.env.SERVICE_FOLDER
const { step, act } = JSON.parse(readFileSync(join(folder, 'raw.json'), 'utf8'))
appendFileSync(join(folder, 'pids'), `${process.pid}\n`)
const fd = Number(process.env.RESTART_CHANNEL_FD)
const channel = openChannel(fd)

/** A process that has nothing to do any more. */
const idle = () => new Promise(() => setInterval(() => {}, 1e9))

async function at(name) {
  if (name !== step) return
  process.stderr.write(`last words at ${name}\n`)
  switch (act) {
    case 'exit':
      process.exit(7)
      break
    case 'kill':
      process.kill(process.pid, 'SIGKILL')
      break
    case 'fail':
      await channel.send({ type: 'fail', message: 'no such table: users', code: 'ENOTABLE' })
      process.exit(1)
      break
    case 'close':
      channel.close()
      break
    case 'garbage':
      writeSync(fd, Buffer.from('{"type":'))
      break
    case 'unknown':
      await channel.send({ type: 'surprise' })
      break
    case 'descriptors':
      await channel.send({ type: 'heartbeat', extendMs: 1 }, [0])
      break
    case 'bytes':
      await channel.sendBytes('what', Buffer.from('ever'))
      break
    case 'again':
      await channel.send({ type: 'ready', claimed: [] })
      break
    case 'shrink': {
      const limit = readdirSync('/proc/self/fd').length + 100
      execFileSync('prlimit', ['--pid', `${process.pid}`, `--nofile=${limit}:${limit}`])
      // And goes on.
      return
    }
    case 'hang':
      process.on('SIGTERM', () => {})
      break
    default:
      throw new Error(act)
  }
  await idle()
}

async function hear(type) {
  const received = await channel.receive()
  if (received === undefined) process.exit(0)
  for (const each of received.fds ?? []) closeDescriptor(each)
  if ('bytes' in received || received.message.type !== type) return hear(type)
  return received.message
}

await at('before hello')
await channel.send({ type: 'hello', protocol: 1, pid: process.pid })
await at('after hello')
const { belongings } = await hear('offer')
const count = belongings.reduce((sum, belonging) => sum + belonging.count, 0)
await at('before accept')
await channel.send({ type: 'accept', count })
await at('after accept')
await hear('descriptors')
await channel.send({ type: 'received', count })
await at('after received')
await hear('begin')
await at('before ready')
await channel.send({ type: 'ready', claimed: [] })
await at('after ready')
await hear('commit')
await at('before committed')
await idle()
