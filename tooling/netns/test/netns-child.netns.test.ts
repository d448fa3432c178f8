import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLab, type Lab, type NetnsChild, waitFor } from '../src/index.js'

const cases = new URL('./behaviour-cases.mjs', import.meta.url)

let lab: Lab
let child: NetnsChild

beforeAll(async () => {
  lab = await createLab({ namespaces: ['edge'] })
  child = await lab.enter('edge', cases)
})

afterAll(() => lab?.close())

test('a call runs inside the namespace', async () => {
  await lab.ip('edge', 'address', 'add', '198.51.100.1/32', 'dev', 'lo')
  expect(await child.call('addresses')).toEqual(['127.0.0.1', '198.51.100.1', '::1'])
})

test('arguments and results are structured clones', async () => {
  const values = [2n ** 64n, Uint8Array.of(0, 255), new Map([['key', new Date(0)]]), undefined, null, -0]
  expect(await child.call('echo', ...values)).toEqual(values)
})

test('calls that are under way together get their own answers', async () => {
  const numbers = Array.from({ length: 100 }, (_, index) => index)
  const answers = await Promise.all(numbers.map((number) => child.call('echo', number)))
  expect(answers.flat()).toEqual(numbers)
})

test('an error comes back with its fields, its cause and the stack of the child', async () => {
  const error: Error = await child.call('deviceBusy').then(
    () => expect.unreachable(),
    (error) => error,
  )
  expect(error).toBeInstanceOf(Error)
  expect(error).toMatchObject({
    name: 'TunError',
    message: 'TUNSETIFF on wg0: device is busy',
    code: 'EBUSY',
    errno: -16,
    syscall: 'ioctl',
    hint: 'detach the queue first',
    stack: expect.stringMatching(/behaviour-cases\.mjs:\d+:\d+.*netns-child\.netns\.test\.ts:\d+:\d+/s),
  })
  expect(error.cause).toBeInstanceOf(RangeError)
  expect(error.cause).toMatchObject({ code: 'ERR_QUEUE' })
})

test('a built-in error class stays what it is', async () => {
  const call = child.call('wrongType')
  await expect(call).rejects.toBeInstanceOf(TypeError)
  await expect(call).rejects.toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
})

test('an error of the system keeps its errno', async () => {
  const expected = { code: 'EADDRINUSE', errno: -98, syscall: 'listen' }
  await expect(child.call('addressInUse')).rejects.toMatchObject(expected)
})

test('a failed assertion keeps what was expected', async () => {
  const expected = { code: 'ERR_ASSERTION', actual: 1n, expected: 2n, operator: 'strictEqual' }
  await expect(child.call('differ')).rejects.toMatchObject(expected)
})

test('a field that cannot be cloned is described', async () => {
  const expected = { code: 'ERR_ASSERTION', actual: '[Function: echo]' }
  await expect(child.call('functionInError')).rejects.toMatchObject(expected)
})

test('what was thrown without being an error comes back as it is', async () => {
  await expect(child.call('throwText')).rejects.toBe('just text')
})

test('arguments and results that cannot be cloned reject the call and harm no other', async () => {
  await expect(child.call('echo', () => {})).rejects.toThrow(/could not be cloned/)
  await expect(child.call('returnFunction')).rejects.toThrow(/could not be cloned/)
  expect(await child.call('echo', 1)).toEqual([1])
})

test('a call of something that is not exported is refused', async () => {
  await expect(child.call('noSuchCase')).rejects.toBeInstanceOf(TypeError)
})

test('what the child prints is collected', async () => {
  await child.call('print', 'a word')
  expect(await waitFor(() => child.stderr)).toBe('a word\n')
})

test('a crash rejects the call with the signal and standard error', async () => {
  const child = await lab.enter('edge', cases)
  await expect(child.call('crash')).rejects.toMatchObject({
    code: 'ERR_PROCESS_ENDED',
    signal: 'SIGSEGV',
    stderr: 'about to crash\n',
    message: expect.stringContaining('ended without a message'),
  })
  expect(await child.exited).toEqual({ code: null, signal: 'SIGSEGV' })
})

test('an answer sent just before a crash arrives', async () => {
  const child = await lab.enter('edge', cases)
  expect(await child.call('answerAndCrash')).toBe('last words')
  expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' })
})

test('an exit rejects the call under way and all later ones', async () => {
  const child = await lab.enter('edge', cases)
  const ended = { code: 'ERR_PROCESS_ENDED', exitCode: 7 }
  await expect(child.call('exit', 7)).rejects.toMatchObject(ended)
  await expect(child.call('echo')).rejects.toMatchObject(ended)
})

test.each(['never', 'spin'])(
  'a call that hangs is given up and its child killed (%s)',
  async (exportName) => {
    const child = await lab.enter('edge', cases, { timeoutMs: 1_000 })
    await expect(child.call(exportName)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' })
    expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' })
  },
)

test('a module that cannot be imported rejects the entry with its own error', async () => {
  const broken = new URL('./broken-cases.mjs', import.meta.url)
  await expect(lab.enter('edge', broken)).rejects.toMatchObject({ code: 'ERR_BROKEN' })
})

test('flags and variables reach the child', async () => {
  const settings = { execArgv: ['--title=flagged'], env: { COLOUR: 'green' } }
  const module = new URL('data:text/javascript,export const see = () => [process.title, process.env.COLOUR]')
  const child = await lab.enter('edge', module, settings)
  expect(await child.call('see')).toEqual(['flagged', 'green'])
})

test('close lets a child end by itself, and a second close resolves and does nothing', async () => {
  const child = await lab.enter('edge', cases)
  await child.close()
  await child.close()
  expect(await child.exited).toEqual({ code: 0, signal: null })
})

test('kill resolves with the way the child ended', async () => {
  const child = await lab.enter('edge', cases)
  expect(await child.kill()).toEqual({ code: null, signal: 'SIGKILL' })
})

test('a namespace that was removed by others makes the entry fail with the words of ip', async () => {
  const lab = await createLab({ namespaces: ['gone'] })
  try {
    await lab.exec('gone', 'ip', ['netns', 'delete', lab.name('gone')])
    const refused = { code: 'ERR_PROCESS_ENDED', stderr: expect.stringContaining(lab.name('gone')) }
    await expect(lab.enter('gone', cases)).rejects.toMatchObject(refused)
  } finally {
    await lab.close()
  }
})
