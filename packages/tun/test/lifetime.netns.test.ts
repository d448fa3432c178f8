//   namespace a: processes that open tun devices and let go of them, in every way there is
import { type Lab, type NetnsChild, waitFor } from '@slatfatf/netns'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTunLab } from './tun-lab.js'

let lab: Lab
let child: NetnsChild

const NOTHING = { devices: 0, descriptors: 0 }

beforeAll(async () => {
  lab = await createTunLab()
  const cases = new URL('./cases/lifetime.mjs', import.meta.url)
  child = await lab.enter('a', cases, { execArgv: ['--expose-gc'] })
})
afterAll(() => lab?.close())

describe('a device that is dropped without being closed is collected, with its descriptor', () => {
  test.each([
    'untouched',
    'read',
    'watched before',
    'waited for before',
    'a wait aborted',
    'in the middle of batches()',
    'in the middle of packets()',
    'streams that were used',
    'a Duplex that was written to',
  ])('%s', async (name) => {
    expect(await child.call('abandon', name, 3)).toEqual(NOTHING)
  })
})

test('two hundred devices, used through every face and closed, leave nothing', async () => {
  expect(await child.call('cycle', 200)).toEqual(NOTHING)
}, 60_000)

// A reader that sleeps on would keep the device alive.
test.each(['off', 'raw', 'split'])(
  'close ends every pending wait and frees the device at once, with offload %s',
  async (offload) => {
    const { ended, left } = await child.call<Record<string, unknown>>('closeWhileWaiting', offload)
    const iterations = Array(offload === 'raw' ? 1 : 4).fill('fulfilled')
    expect(ended).toEqual(['ERR_TUN_CLOSED', ...iterations])
    expect(left).toEqual(NOTHING)
  },
)

// fs.read would park a thread of the pool for each device, and the process would stand still.
test('waiting for devices occupies no thread of the pool', async () => {
  const cases = new URL('./cases/lifetime.mjs', import.meta.url)
  const single = await lab.enter('a', cases, { env: { UV_THREADPOOL_SIZE: '1' } })
  expect(await single.call('readFileBesides')).toBe(true)
  await single.close()
})

const program = new URL('./cases/exiting-process.mjs', import.meta.url).pathname

const exiting = (offload: string, stage: string) => lab.exec('a', process.execPath, [program, offload, stage])

describe('a process ends with its own status, without a word', () => {
  test.each([
    ['right after opening', 'off'],
    ['right after opening', 'raw'],
    ['right after opening', 'split'],
    ['while watched', 'split'],
    ['inside the callback', 'off'],
    ['inside the callback', 'raw'],
    ['inside the callback', 'split'],
    ['inside the callback, after closing', 'split'],
    ['with a pending wait', 'split'],
    ['with a parked iteration', 'off'],
    ['with a parked iteration', 'raw'],
    ['with a parked iteration', 'split'],
    ['with streams that wait', 'split'],
    ['while it follows the interface', 'split'],
    ['after closing', 'split'],
    ['in the turn of closing', 'off'],
    ['in the turn of closing', 'raw'],
    ['in the turn of closing', 'split'],
    ['by itself, when the device is closed', 'split'],
  ])('%s (%s)', async (stage, offload) => {
    await expect(exiting(offload, stage)).rejects.toMatchObject({ exitCode: 42, signal: null, stderr: '' })
  })

  test.each([
    ['by an exception of the callback', /Error: thrown by the callback/],
    ['by an unhandled rejection', /Error: unhandled/],
  ])('and with that of Node %s', async (stage, message) => {
    await expect(exiting('split', stage)).rejects.toMatchObject({
      exitCode: 1,
      signal: null,
      stderr: expect.stringMatching(message),
    })
  })
})

test('the devices of all those processes are gone', async () => {
  await child.close()
  await waitFor(async () => !(await lab.ip('a', 'link', 'show')).includes('tun'))
})
