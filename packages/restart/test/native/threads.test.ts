import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { binding } from '../../src/binding.js'
import { ping } from '../../src/coordination/ping.js'

test('a thread that is terminated leaves no socket behind that takes what nobody will answer', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'restart-thread-'))
  const path = join(folder, 'coordination.sock')
  const udp = binding().bindUdp('127.0.0.1', 0, 0)
  const program = new URL('../programs/thread-that-listens.mjs', import.meta.url)
  const sockets = () => [...readdirSync('/proc/self/fd')].filter(isSocket).length
  const before = sockets()
  const worker = new Worker(program, { workerData: { path, udp } })
  try {
    await once(worker, 'message')
    expect(await ping({ path })).toMatchObject({ generation: 0 })
    await worker.terminate()
    await expect(ping({ path })).rejects.toMatchObject({ code: 'ERR_RESTART_NOT_LISTENING' })
    expect(sockets()).toBe(before)
  } finally {
    await worker.terminate()
    binding().closeFd(udp)
    rmSync(folder, { recursive: true })
  }
})

function isSocket(name: string): boolean {
  try {
    return binding().describeFd(Number(name)).kind === 'socket'
  } catch {
    return false
  }
}
