// The same with a TUN package of npm.
//
//   node npm-forwarder.mjs FOLDER LEFT LEFT_NETWORK RIGHT RIGHT_NETWORK
//   node npm-forwarder.mjs FOLDER
//
// FOLDER holds node_modules with the package. The second form only loads it. The package cannot wait: it has a `read` that
// returns an empty buffer when there is nothing, and its users call it again and again. So does this, in every turn of the
// event loop, which costs no packet anything while it is busy. Buffers of the MTU, because it fills them with zeros first.
//
// Prints "ready" once both devices exist.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isFor, readForwarderArguments } from './forwarder-arguments.mjs'
import { NPM_PACKAGE } from './npm-package.mjs'

const PACKETS_PER_TURN = 256
const MTU = 1500

const [folder = '', ...words] = process.argv.slice(2)
const entry = createRequire(join(folder, 'package.json')).resolve(NPM_PACKAGE)
const { TunTap } = await import(pathToFileURL(entry).href)
if (words.length > 0) start()

function start() {
  const { left, right } = readForwarderArguments(words)
  const leftTun = open(left.device)
  const rightTun = open(right.device)
  const turn = () => {
    forward(leftTun, rightTun, right.network)
    forward(rightTun, leftTun, left.network)
    immediate = setImmediate(turn)
  }
  let immediate = setImmediate(turn)
  process.once('SIGTERM', () => {
    clearImmediate(immediate)
    leftTun.close()
    rightTun.close()
  })
  console.log('ready')
}

/** @param {string} name */
function open(name) {
  const tun = new TunTap(name)
  tun.open()
  return tun
}

/**
 * @param {any} from
 * @param {any} to
 * @param {number} network
 */
function forward(from, to, network) {
  for (let count = 0; count < PACKETS_PER_TURN; count += 1) {
    const packet = from.read(MTU)
    if (packet.length === 0) return
    if (isFor(packet, 0, packet.length, network)) to.write(packet)
  }
}
