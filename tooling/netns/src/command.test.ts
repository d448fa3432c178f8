import { expect, test } from 'vitest'
import { commandLine, runCommand } from './command.js'

test('standard input, output and error are passed through', async () => {
  const result = await runCommand('sh', ['-c', 'cat; echo warning >&2'], { input: 'ruleset' })
  expect(result).toEqual({ stdout: 'ruleset', stderr: 'warning\n' })
})

test('a failure carries the exit code, what was printed, and the command in its message', async () => {
  const failure = runCommand('sh', ['-c', 'echo partial; echo reason >&2; exit 3'])
  await expect(failure).rejects.toMatchObject({
    code: 'ERR_COMMAND_FAILED',
    exitCode: 3,
    stdout: 'partial\n',
    stderr: 'reason\n',
    message: expect.stringMatching(/exit code 3: sh -c .*\nreason/),
  })
})

test('a program that does not exist is a failure like any other', async () => {
  const failure = runCommand('no-such-program', [])
  await expect(failure).rejects.toMatchObject({ code: 'ERR_COMMAND_FAILED', exitCode: null })
})

test('a command that ends without reading its input succeeds', async () => {
  await runCommand('true', [], { input: 'x'.repeat(1 << 20) })
})

test('a command that takes too long is killed', async () => {
  const failure = runCommand('sleep', ['60'], { timeoutMs: 20 })
  await expect(failure).rejects.toMatchObject({ code: 'ERR_TIMEOUT', signal: 'SIGKILL' })
})

test('an abort kills the command and rejects with its reason', async () => {
  const abort = new AbortController()
  const failure = runCommand('sleep', ['60'], { signal: abort.signal })
  const reason = new Error('enough')
  abort.abort(reason)
  await expect(failure).rejects.toBe(reason)
})

test('a command line is shown as one would type it', () => {
  expect(commandLine('sh', ['-c', "echo 'x'", 'eth0'])).toBe(`sh -c 'echo '\\''x'\\''' eth0`)
  expect(commandLine('nft', ['-f', '-'], 'flush ruleset\n')).toBe("nft -f - <<'.'\nflush ruleset\n.")
})
