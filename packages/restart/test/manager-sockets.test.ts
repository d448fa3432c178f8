// Sockets that a service manager opened, in services that also say where they would listen without one.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitFor } from '@slatfatf/netns'
import { expect, test } from 'vitest'
import { openFakeManager } from '../src/fake-manager/index.js'
import { openListenSocket, requestRestart } from '../src/index.js'
import { servicePath } from './service-room.js'

function ask(socketPath: string): Promise<{ generation: number; before: string; pid: number }> {
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath, agent: false, timeout: 10_000 }, (response) => {
      let body = ''
      response.on('data', (chunk) => {
        body += chunk
      })
      response.on('end', () => resolve(JSON.parse(body)))
    })
    asking.on('timeout', () => asking.destroy(new Error('nobody answers')))
    asking.on('error', reject)
    asking.end()
  })
}

test('a socket of the manager stays the one that is served, whatever address the program says: over restarts and a crash', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'restart-activated-'))
  const path = join(folder, 'of-the-manager.sock')
  const socket = await openListenSocket('web', { path })
  const manager = await openFakeManager({ fdStoreMax: 8 })
  try {
    writeFileSync(join(folder, 'behaviour.json'), '{}')
    await manager.start({
      command: [process.execPath, servicePath],
      env: { ...process.env, SERVICE_FOLDER: folder },
      sockets: { web: socket.fd },
    })
    const control = join(folder, 'control.sock')
    expect(await ask(path)).toMatchObject({ generation: 0, before: 'socket-activation' })
    for (const generation of [1, 2]) {
      const { pid } = await requestRestart({ path: control })
      await manager.waitFor('the old one to be gone', ({ mainPid }) => mainPid === pid)
      await waitFor(async () => (await ask(path)).generation === generation)
      expect(manager.status).toBe(`process ${pid} serves, generation ${generation}`)
    }
    // The manager has it anyway, and would pass it twice.
    expect([...manager.stored.keys()]).toEqual([])
    await manager.crash()
    await manager.revive()
    expect(await ask(path)).toMatchObject({ generation: 0, before: 'socket-activation' })
    await requestRestart({ path: control })
    await manager.stop()
    // The path is the manager's to remove, and the one that the program would have made was never there.
    expect([path, join(folder, 'web.sock')].map(existsSync)).toEqual([true, false])
  } finally {
    await manager.close()
    socket.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
