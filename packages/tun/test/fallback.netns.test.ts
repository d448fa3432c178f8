//   namespace a
//   client 192.0.2.1 -> 192.0.2.2 --- tun device --- a child whose kernel refuses super-packets swaps the addresses
//   server 192.0.2.1 <- 192.0.2.2 --- tun device ---/
// The kernel takes the offload flags and answers EINVAL to every super-packet that is written: 6.6.44 did for some, and the
// kernels of network storage boxes do. Here a library in front of it does (cases/refusing-kernel.c).
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Lab, NetnsChild } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { OffloadMode, OffloadState, TunCounters } from '../src/index.js'
import { segmentsOvertaken } from './segments-overtaken.js'
import { sendDatagrams } from './send-datagrams.js'
import { createTunLab, HOST, PEER } from './tun-lab.js'

const MIB = 1 << 20
const UP = { up: true, addresses: [`${HOST}/24`] }

interface Report {
  events: OffloadState[]
  offload: OffloadState
  counters: TunCounters
  lengthMax: number
  refused: number
  unwritten: number
}

let folder: string
let library: string
let lab: Lab
let client: NetnsChild

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'refusing-kernel-'))
  library = join(folder, 'refusing-kernel.so')
  const source = fileURLToPath(new URL('./cases/refusing-kernel.c', import.meta.url))
  execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-Wall', '-o', library, source, '-ldl'])
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
beforeEach(async () => {
  lab = await createTunLab()
  client = await lab.enter('a', new URL('./cases/tcp-transfer.mjs', import.meta.url))
})
afterEach(() => lab?.close())

/** A child with a device that is up, whose kernel refuses `protocols` from after the device was opened, or from before. */
async function refusing(protocols: string, since: 'opened' | 'ever', offload: OffloadMode) {
  const env = { LD_PRELOAD: library }
  const child = await lab.enter('a', new URL('./cases/turning-device.mjs', import.meta.url), { env })
  if (since === 'ever') await child.call('refuse', protocols)
  const live = await child.call<OffloadState>('open', { offload, configure: UP })
  if (since === 'opened') expect(live).toEqual({ mode: offload, tcp: 'on', udp: 'on' })
  await child.call('refuse', protocols)
  return { live, report: () => child.call<Report>('report') }
}

const sendStream = () => client.call('transfer', HOST, PEER, 16 * MIB)

const refusedWrite = (protocol: string) => `write(${protocol} super-packet): EINVAL`

describe.each(['raw', 'split'] as const)('offload %s', (mode) => {
  test('TCP super-packets refused with EINVAL although the flags were taken are sent as segments, none lost or reordered', async () => {
    const { report } = await refusing('tcp', 'opened', mode)
    expect(await sendStream()).toEqual({ intact: true, remote: PEER })
    expect(await segmentsOvertaken(lab)).toBe(0)

    const { offload, events, counters, refused, unwritten, lengthMax } = await report()
    expect(offload).toEqual({ mode, tcp: 'read', udp: 'on', reason: refusedWrite('tcp') })
    expect(events).toEqual([offload])
    expect(counters).toMatchObject({
      writeErrors: 0,
      superPacketsOut: 0,
      dropMalformedIn: 0,
      dropAbandoned: 0,
    })
    expect(counters.fallbacks).toBeGreaterThan(0)
    // Reading goes on as it was.
    expect(counters.superPacketsIn).toBeGreaterThan(1)
    expect(lengthMax > 1500).toBe(mode === 'raw')
    expect({ refused, unwritten }).toEqual({ refused: 0, unwritten: 0 })
  })

  test('UDP stays on when the kernel refuses super-packets of TCP only', async () => {
    const { report } = await refusing('tcp', 'opened', mode)
    await sendStream()
    const before = await report()
    expect(await sendDatagrams(lab, [HOST, PEER])).toEqual({ received: 600, intact: true })
    const after = await report()
    expect(after.offload).toMatchObject({ tcp: 'read', udp: 'on' })
    expect(after.counters.superPacketsOut - before.counters.superPacketsOut).toBeGreaterThanOrEqual(20)
    expect(after.counters.fallbacks).toBe(before.counters.fallbacks)
    expect(after.counters.writeErrors).toBe(0)
  })

  test('UDP super-packets that are refused keep their datagrams, and TCP stays on', async () => {
    const { report } = await refusing('udp', 'opened', mode)
    expect(await sendDatagrams(lab, [HOST, PEER])).toEqual({ received: 600, intact: true })
    expect(await sendStream()).toEqual({ intact: true, remote: PEER })
    expect(await segmentsOvertaken(lab)).toBe(0)
    const { offload, events, counters } = await report()
    expect(offload).toEqual({ mode, tcp: 'on', udp: 'read', reason: refusedWrite('udp') })
    expect(events).toEqual([offload])
    expect(counters).toMatchObject({ writeErrors: 0, dropMalformedIn: 0 })
    expect(counters.fallbacks).toBeGreaterThan(0)
    expect(counters.superPacketsOut).toBeGreaterThan(0)
  })

  test('a kernel that would refuse super-packets is found out while a device that is up is opened', async () => {
    const { live, report } = await refusing('tcp,udp', 'ever', mode)
    expect(live).toEqual({
      mode,
      tcp: 'read',
      udp: 'read',
      reason: expect.stringMatching(/^write\((tcp|udp) super-packet\): EINVAL$/),
    })
    expect(await sendStream()).toEqual({ intact: true, remote: PEER })
    expect(await sendDatagrams(lab, [HOST, PEER])).toEqual({ received: 600, intact: true })
    expect(await segmentsOvertaken(lab)).toBe(0)
    const { events, counters } = await report()
    expect(events).toEqual([])
    expect(counters).toMatchObject({ writeErrors: 0, superPacketsOut: 0 })
    expect(counters.superPacketsIn).toBeGreaterThan(1)
  })
})

test('what is tried out while opening reaches no socket and no rule, and is not counted', async () => {
  await lab.nft('a', 'table ip t { chain c { type filter hook prerouting priority -400; counter; }; }')
  const { report } = await refusing('', 'opened', 'raw')
  const { stdout } = await lab.exec('a', 'nft', ['list', 'table', 'ip', 't'])
  expect(stdout).toMatch(/counter packets 0 /)
  const { counters } = await report()
  expect(counters).toMatchObject({ packetsOut: 0, superPacketsOut: 0, writeErrors: 0, fallbacks: 0 })
})
