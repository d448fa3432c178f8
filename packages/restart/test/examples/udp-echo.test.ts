import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { waitFor } from '@slatfatf/netns'
import { expect, test } from 'vitest'
import { ExampleRoom } from './example-room.js'

/** A peer with a port of its own. Loopback loses nothing as long as buffers have room. */
class Peer implements Disposable {
  readonly #socket: Socket = createSocket('udp4')
  readonly #port: number

  constructor(port: number) {
    this.#port = port
  }

  async ask(text: string): Promise<string> {
    const answered = once(this.#socket, 'message', { signal: AbortSignal.timeout(10_000) })
    this.#socket.send(text, this.#port, '127.0.0.1')
    const [answer] = await answered
    return String(answer).trim()
  }

  [Symbol.dispose](): void {
    this.#socket.close()
  }
}

test('udp-echo: a peer stays with its version, and new ones come to the next', async () => {
  await using room = new ExampleRoom()
  const first = await room.serve('udp-echo.mjs', '0', room.control)
  const port = await room.port()
  using early = new Peer(port)
  expect(await early.ask('one')).toBe('one (message 1, version 0)')
  await room.restart()
  using late = new Peer(port)
  expect(await late.ask('one')).toBe('one (message 1, version 1)')
  expect(await early.ask('two')).toBe('two (message 2, version 0)')

  await room.restart()
  using latest = new Peer(port)
  expect(await latest.ask('one')).toBe('one (message 1, version 2)')
  expect(await late.ask('two')).toBe('two (message 2, version 1)')
  expect(await early.ask('three')).toBe('three (message 3, version 0)')
  expect((await room.status()).draining).toHaveLength(2)

  expect(await early.ask('bye')).toBe('bye (message 4, version 0)')
  await first.waitForOutput('version 0 has ended')
  expect(await late.ask('bye')).toBe('bye (message 3, version 1)')
  await first.waitForOutput('version 1 has ended')
  expect(await early.ask('again')).toBe('again (message 1, version 2)')
  await waitFor(() => room.living().length === 1)
})
