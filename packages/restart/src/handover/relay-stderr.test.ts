import { PassThrough, Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { settle } from '../../test/fake-handover.js'
import { relayStderr } from './relay-stderr.js'

/** Takes nothing until it is told to. */
class SlowTarget extends Writable {
  readonly chunks: string[] = []
  #waiting: (() => void)[] = []

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.chunks.push(`${chunk}`)
    this.#waiting.push(done)
  }

  async release(): Promise<void> {
    while (this.#waiting.length > 0) {
      this.#waiting.shift()!()
      await settle()
    }
  }
}

test('everything is passed on, and the last forty lines are kept', async () => {
  const source = new PassThrough()
  const target = new PassThrough()
  const { tail, ended } = relayStderr(source, target)
  const lines = Array.from({ length: 100 }, (_, index) => `line ${index}`)
  source.end(`${lines.join('\n')}\n`)
  await ended
  expect(`${target.read()}`).toBe(`${lines.join('\n')}\n`)
  expect(tail.lines()).toEqual(lines.slice(-40))
})

test('a line that never ends is kept to 16 KiB', async () => {
  const source = new PassThrough()
  const { tail, ended } = relayStderr(source, new PassThrough().resume() as PassThrough)
  for (let index = 0; index < 64; index++) source.write(Buffer.alloc(10_000, 'x'))
  source.end('the end')
  await ended
  const [line] = tail.lines()
  expect(tail.lines()).toHaveLength(1)
  expect(line).toHaveLength(16_384)
  expect(line?.endsWith('the end')).toBe(true)
})

test('a target that takes nothing costs a bounded amount of memory, and it is told what was left out', async () => {
  const source = new PassThrough()
  const target = new SlowTarget()
  relayStderr(source, target)
  for (let index = 0; index < 200; index++) {
    source.write(Buffer.alloc(10_000, 'x'))
    await settle()
  }
  expect(target.writableLength).toBeLessThanOrEqual(256 * 1024)
  await target.release()
  source.write('after\n')
  await settle()
  await target.release()
  expect(target.chunks.at(-2)).toMatch(/^\[\d+ bytes of the new version's standard error left out\]\n$/)
  expect(target.chunks.at(-1)).toBe('after\n')
})

test('a target that fails harms nobody', async () => {
  const source = new PassThrough()
  const target = new Writable({
    write: (_chunk, _encoding, done) => done(new Error('EPIPE')),
  })
  const { tail, ended } = relayStderr(source, target)
  source.write('one\n')
  await settle()
  source.end('two\n')
  await ended
  expect(tail.lines()).toEqual(['one', 'two'])
})
