import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { test } from 'vitest'
import { runCommand } from '../src/command.js'

const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')

test('labs work in a user namespace that has a private /run', async () => {
  const run = 'mount -t tmpfs tmpfs /run && exec "$@"'
  const command = [process.execPath, vitest, 'run', 'test/echo.netns.test.ts']
  const user = ['--user', '--map-root-user', '--net', '--mount', 'sh', '-c', run, 'sh', ...command]
  await runCommand('unshare', user, { timeoutMs: 60_000 })
}, 60_000)
