// A service that replaces itself: replaced-service.mjs GENERATION HOW [PID-FILE]. HOW says how the next one becomes known:
// `notify` (MAINPID) or `file`.
//   SIGUSR2  start the next one and end       SIGHUP  tell all processes and their states
//   SIGTERM  end with 40 + GENERATION         SIGQUIT  end by SIGKILL
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { writePidFile } from '@slatfatf/restart'
import { openServiceManager } from '@slatfatf/restart/systemd'

const generation = Number(process.argv[2])
const [how, path] = process.argv.slice(3)
const manager = openServiceManager()
const say = (text) => process.stdout.write(`${generation} ${text}\n`)

process.on('SIGTERM', () => process.exit(40 + generation))
process.on('SIGQUIT', () => process.kill(process.pid, 'SIGKILL'))
process.on('SIGHUP', () => {
  const states = readdirSync('/proc')
    .filter((name) => Number(name) > 0)
    .map((pid) => {
      try {
        return `${pid}${readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) (.).*$/s, '$1')}`
      } catch {
        return ''
      }
    })
  say(`processes ${states.join(' ')}`)
})
process.on('SIGUSR2', () => {
  const args = [fileURLToPath(import.meta.url), String(generation + 1), how, ...(path ? [path] : [])]
  const next = spawn(process.execPath, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
  next.once('message', () => {
    if (how === 'notify') manager.notify({ mainPid: next.pid })
    process.exit(0)
  })
})

if (path !== undefined) writePidFile(path, { replaces: process.ppid })
// Leaves an orphan behind, which ends at once.
const shell = spawn('sh', ['-c', 'sleep 0 & echo $!'], { stdio: ['ignore', 'pipe', 'inherit'] })
shell.stdout.once('data', (pid) => say(`orphan ${String(pid).trim()}`))
shell.once('close', () => {
  if (generation === 1) manager.notify({ ready: true })
  say(`pid ${process.pid} ${manager.present}`)
  process.send?.('ready')
  process.channel?.unref()
})
setInterval(() => {}, 1 << 30)
