// Receives descriptors from 4 on as its stdio and does what its parent says; SIGUSR2 tells it to release, for a time when
// it has no parent any more.
import { openSync, readFileSync } from 'node:fs'
import { adopt } from '@slatfatf/tfo-socket'

const commands = {
  adopt: takeOver,
  openFile: () => openSync('/dev/null', 'r'),
  watch,
  isCloseOnExec,
  releaseAll,
}
let reservations = []
const losses = []

process.on('SIGUSR2', releaseAll)
// Without this the end of the parent would be the end of the heir, once its channel is gone.
setInterval(() => {}, 60_000)

process.on('message', ({ command, argument }) => {
  try {
    process.send({ value: commands[command](argument) })
  } catch ({ name, code, message }) {
    process.send({ error: { name, code, message } })
  }
})
process.send({ value: 'ready' })

function takeOver(portable) {
  reservations = adopt(portable)
  return reservations.map((reservation) => ({ ...reservation.toJSON(), fd: reservation.fd }))
}

/** Resolves the losses that have been told so far. */
function watch() {
  for (const reservation of reservations) {
    if (!reservation.released) reservation.watch(({ port }, { code }) => losses.push({ port, code }))
  }
  return losses
}

function isCloseOnExec(fd) {
  const flags = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))[1]
  return (Number.parseInt(flags, 8) & 0o2000000) !== 0
}

function releaseAll() {
  for (const reservation of reservations) reservation.release()
}
