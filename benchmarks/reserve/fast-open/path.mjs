import { join } from 'node:path'
import { output, startProgram } from '../../harness/commands.mjs'
import { inside } from '../../harness/namespaces.mjs'
import { FORWARDER_CORE } from '../../harness/placement.mjs'
import { buildLab as buildTunLab, LAB, placeDevices, removeLab } from '../../tun/lab.mjs'

const { left, right, between } = LAB
const PORT = 7000

export const DELAY_MS = 10

/** Who asks, and whom. Namespaces and devices are those of the benchmark of the TUN package. */
export const PATH = { client: left.host, server: right.host, address: right.address, port: PORT }

/** Drawn once, printed with the figures. */
export const TOPOLOGY = `client ${left.address} ── ${left.device} ═ ${DELAY_MS} ms each way ═ ${right.device} ── ${right.address} server   (TUN)`

const DELAY_PROGRAM = join(import.meta.dirname, 'delay-path.mjs')
const SERVER_PROGRAM = join(import.meta.dirname, 'echo-server.mjs')

/** The namespaces, and Fast Open allowed on both sides. */
export async function buildLab() {
  await buildTunLab()
  await output(inside(PATH.client, ['sysctl', '-qw', 'net.ipv4.tcp_fastopen=1']))
  await output(inside(PATH.server, ['sysctl', '-qw', 'net.ipv4.tcp_fastopen=2']))
}

/**
 * Starts the path and the server behind it.
 *
 * @param {'cookie' | 'no-cookie'} cookie Whether the server wants one.
 */
export async function startPath(cookie) {
  const delay = [process.execPath, DELAY_PROGRAM, left.device, right.device, String(DELAY_MS)]
  const path = await startProgram(inside(between, delay, FORWARDER_CORE), { ready: 'ready' })
  await placeDevices()
  const listen = [process.execPath, SERVER_PROGRAM, PATH.address, String(PATH.port), cookie]
  const server = await startProgram(inside(PATH.server, listen), { ready: 'ready' })
  return {
    async stop() {
      await server.stop()
      await path.stop()
    },
  }
}

export { removeLab }
