// A UDP service of openInstance: udp-service.mjs FOLDER. Says with each answer which version gave it, as udp-generation.mjs.
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { openInstance, openUdpServer } from '@slatfatf/restart'

const folder = process.env.SERVICE_FOLDER
appendFileSync(join(folder, 'pids'), `${process.pid}\n`)
const instance = await openInstance({ coordination: { path: join(folder, 'control.sock') }, maxDraining: 5 })
const socket = await instance.listen('echo', { udp: true, host: '127.0.0.1', port: 0 })
const server = openUdpServer(socket, {
  receiveBufferBytes: 4 * 1024 * 1024,
  predecessor: await instance.take('echo'),
  onSession(session) {
    let count = 0
    session.onMessage = (message) => {
      const text = String(message)
      session.send(`${instance.generation} ${count++} ${text}`)
      if (text.startsWith('bye')) session.close()
    }
  },
})
instance.udp('echo', server)
const errors = []
try {
  instance.udp('echo', server)
} catch (error) {
  errors.push(error.code)
}
instance.drain.hook('taken', {})
try {
  instance.udp('taken', { ...server, prepareSuccessor: () => errors.push('asked') })
} catch (error) {
  errors.push(error.code)
}
await instance.keep('echo', [0]).catch((error) => errors.push(error.code))
await instance.ready()
appendFileSync(join(folder, 'events'), `ready ${process.pid} ${socket.address.port} ${errors}\n`)
await instance.ended
appendFileSync(
  join(folder, 'events'),
  `ended ${process.pid} ${JSON.stringify(server.counters)} ${errors.length}\n`,
)
