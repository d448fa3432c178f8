// A cluster of one worker, which tries to listen with Fast Open and prints the code of what it is told.
import cluster from 'node:cluster'
import { createServer } from 'node:net'
import { listen } from '@slatfatf/tfo-socket'

if (cluster.isPrimary) {
  cluster.fork()
} else {
  await listen(createServer(), { port: 443 }).catch(({ code }) => console.log(code))
  process.disconnect()
}
