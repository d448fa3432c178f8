import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

const program = fileURLToPath(new URL('../programs/listen-refused.mjs', import.meta.url))

// May read everything, wherever this repository is, and nothing else.
const unprivileged = [
  'setpriv',
  '--reuid=54321',
  '--regid=54321',
  '--clear-groups',
  '--inh-caps=+dac_read_search',
  '--ambient-caps=+dac_read_search',
  '--bounding-set=-all,+dac_read_search',
]

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'refusals-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

function tryToListen(address: object): unknown {
  // A network namespace of its own has the kernel's default for unprivileged ports.
  const [file, ...args] = [
    'unshare',
    '--net',
    ...unprivileged,
    process.execPath,
    program,
    JSON.stringify(address),
  ]
  return JSON.parse(execFileSync(file!, args, { encoding: 'utf8', timeout: 20_000 }))
}

test('a port below 1024 needs a capability, and the hint names it', () => {
  expect(tryToListen({ port: 80, host: '0.0.0.0' })).toEqual({
    name: 'RestartError',
    code: 'EACCES',
    syscall: 'bind',
    hint: expect.stringContaining('CAP_NET_BIND_SERVICE'),
  })
})

test('a directory that the user may not write to is named', () => {
  expect(tryToListen({ path: join(directory, 'app.sock') })).toEqual({
    name: 'RestartError',
    code: 'EACCES',
    syscall: 'open',
    hint: expect.stringContaining(directory),
  })
})
