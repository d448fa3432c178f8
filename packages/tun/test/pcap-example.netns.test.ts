//   namespace a
//   ping 192.0.2.2 --- tun device 192.0.2.1/24 --- examples/pcap.mjs --- a file
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Lab } from '@slatfatf/netns'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readPcap } from '../src/pcap/index.js'
import { createTunLab, HOST, PEER } from './tun-lab.js'

let lab: Lab
let directory: string

beforeAll(async () => {
  lab = await createTunLab()
  directory = await mkdtemp(join(tmpdir(), 'pcap-'))
})
afterAll(async () => {
  await lab?.close()
  await rm(directory, { recursive: true })
})

const { pathname: example } = new URL('../examples/pcap.mjs', import.meta.url)

test('what a device sees is recorded until Ctrl-C, and replayed', async () => {
  const file = join(directory, 'ping.pcap')
  const recorder = lab.spawn('a', process.execPath, [example, 'record', file])
  await recorder.waitForOutput(/recording tun0/)
  // Nobody answers, so ping itself ends with 1.
  const ping = lab.spawn('a', 'ping', ['-c', '3', '-i', '0.05', '-W', '0.1', PEER])
  await ping.waitForOutput(/3 packets transmitted/)
  process.kill(recorder.pid!, 'SIGINT')
  await recorder.waitForOutput(/recorded 3 packets, dropped 0/)
  expect(await recorder.exited).toMatchObject({ code: 0 })

  const times: bigint[] = []
  for await (const { packet, originalLength, timestampNs } of readPcap(file)) {
    expect(originalLength).toBe(84)
    expect([packet.subarray(12, 16).join('.'), packet.subarray(16, 20).join('.')]).toEqual([HOST, PEER])
    times.push(timestampNs)
  }
  expect(times.toSorted((one, other) => Number(one - other))).toEqual(times)

  const { stdout } = await lab.exec('a', process.execPath, [example, 'replay', file])
  expect(stdout).toMatch(/replayed 3 packets of 252 bytes, refused 0/)
})
