import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { output, startProgram } from '../../harness/commands.mjs'
import { inside } from '../../harness/namespaces.mjs'
import { FORWARDER_CORE } from '../../harness/placement.mjs'
import { LAB, placeDevices } from '../lab.mjs'

const { left, right, between } = LAB
const SIDES = /** @type {const} */ ([
  { ...left, port: 51820 },
  { ...right, port: 51821 },
])

/**
 * A VPN in Go over the same two devices: it encrypts, so it only shows the order of magnitude.
 *
 * @type {import('../../harness/variant.mjs').Variant}
 */
export const wireguardGo = {
  name: 'wireguard-go',
  title: 'wireguard-go (encrypts; for orientation)',
  rules: [
    'two processes, one a device, with UDP over loopback between them; both on the core of the forwarder',
  ],
  async missing() {
    try {
      await output(['sh', '-c', 'command -v wireguard-go'])
      return undefined
    } catch {
      return 'wireguard-go is not installed (Debian package wireguard-go)'
    }
  },
  async start() {
    const keys = SIDES.map(() => makeKeys())
    /** @type {import('../../harness/commands.mjs').RunningProgram[]} */
    const programs = []
    for (const [index, { device, port }] of SIDES.entries()) {
      programs.push(await startOne(device))
      const other = SIDES[1 - index]
      await tell(device, [
        `private_key=${keys[index]?.privateKey}`,
        `listen_port=${port}`,
        `public_key=${keys[1 - index]?.publicKey}`,
        `endpoint=127.0.0.1:${other?.port}`,
        `allowed_ip=${other?.network}/24`,
      ])
    }
    await placeDevices()
    // The handshake, which would otherwise be part of the load. It sees only by asking that its device is up elsewhere.
    await output(inside(left.host, ['ping', '-c', '1', '-w', '9', right.address]))
    return {
      async stop() {
        for (const program of programs) {
          await program.stop()
          await program.ended()
        }
      },
    }
  },
}

/** @param {string} device */
function startOne(device) {
  const command = ['env', 'LOG_LEVEL=verbose', 'wireguard-go', '--foreground', device]
  return startProgram(inside(between, command, FORWARDER_CORE), { ready: 'UAPI listener started' })
}

/** Both halves in the hexadecimal form of WireGuard's cross-platform interface. */
function makeKeys() {
  const { d = '', x = '' } = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' })
  const hex = (/** @type {string} */ text) => Buffer.from(text, 'base64url').toString('hex')
  return { privateKey: hex(d), publicKey: hex(x) }
}

/**
 * Sets a device up over its socket, as `wg set` does.
 *
 * @param {string} device
 * @param {readonly string[]} lines
 * @see https://www.wireguard.com/xplatform/
 */
async function tell(device, lines) {
  const socket = connect(`/var/run/wireguard/${device}.sock`)
  socket.setEncoding('utf8')
  socket.write(`${['set=1', ...lines].join('\n')}\n\n`)
  const [answer] = await once(socket, 'data')
  socket.destroy()
  if (!/errno=0\b/.test(answer)) throw new Error(`wireguard-go refused its configuration: ${answer.trim()}`)
}
