import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runCommand } from '../src/command.js'
import { probe, requireCapabilities } from '../src/index.js'

const { PATH } = process.env
let programs: string

beforeEach(async () => {
  programs = await mkdtemp(join(tmpdir(), 'netns-'))
})

afterEach(async () => {
  process.env.PATH = PATH
  await rm(programs, { recursive: true })
})

test('this machine has everything that the tests need', async () => {
  await requireCapabilities()
  expect((await probe()).map(({ name }) => name)).toEqual(['ip', 'namespaces', 'nft', 'conntrack', 'tun'])
})

test('without nft only what needs it is missing', async () => {
  const { stdout } = await runCommand('sh', ['-c', 'command -v ip'])
  await symlink(stdout.trim(), join(programs, 'ip'))
  process.env.PATH = programs
  const missing = (await probe('namespaces', 'nft', 'conntrack')).filter(({ available }) => !available)
  expect(missing.map(({ name }) => name)).toEqual(['nft', 'conntrack'])
  await requireCapabilities('ip', 'namespaces')
})

test('without ip everything is missing, and the error says what to install', async () => {
  process.env.PATH = programs
  expect((await probe()).every(({ available }) => !available)).toBe(true)
  await expect(requireCapabilities('namespaces')).rejects.toMatchObject({
    code: 'ERR_MISSING_CAPABILITY',
    message: expect.stringContaining('namespaces'),
    hint: expect.any(String),
  })
})
