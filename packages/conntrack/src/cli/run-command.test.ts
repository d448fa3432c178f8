import { expect, test } from 'vitest'
import { ConntrackError } from '../errors/conntrack-error.js'
import { invalidValue } from '../errors/invalid-argument.js'
import { command } from './command.js'
import { COMMON_OPTIONS } from './options/common-options.js'
import { runCommand } from './run-command.js'
import { UsageError } from './usage-error.js'

function failing(name: string, error: unknown) {
  return command({
    name,
    summary: `fail as ${name}`,
    usage: '[OPTIONS]',
    options: { wide: { type: 'boolean', short: 'W', help: 'more' }, ...COMMON_OPTIONS },
    examples: [`${name} --wide`],
    run: () => Promise.reject(error),
  })
}

const refused = new ConntrackError('list: operation not permitted [EPERM]. Ask root', {
  code: 'EPERM',
  hint: 'Ask root',
})
const closed = new ConntrackError('it is closed', { code: 'ERR_NETLINK_CLOSED' })
const commands = [
  failing('refused', refused),
  failing('closed', closed),
  failing('usage', new UsageError('give more')),
  failing('value', invalidValue('filter.zone', 'a zone', -1)),
]

async function run(...args: string[]) {
  const printed: string[] = []
  const noted: string[] = []
  const output = {
    print: async (text: string) => void printed.push(text),
    note: (text: string) => void noted.push(text),
  }
  const status = await runCommand(args, { commands, version: '1.2.3' }, output)
  return { status, printed: printed.join('\n'), noted: noted.join('\n') }
}

test('a refusal is told with its code once, and the hint on a line of its own; status 3', async () => {
  const noted = 'nf-conntrack: list: operation not permitted [EPERM]\n  Ask root'
  expect(await run('refused')).toEqual({ status: 3, printed: '', noted })
  expect((await run('closed')).noted).toBe('nf-conntrack: it is closed [ERR_NETLINK_CLOSED]')
})

test('wrong use is told with where to read more; status 2', async () => {
  const noted = 'nf-conntrack: give more\n  nf-conntrack usage --help tells the options'
  expect(await run('usage')).toEqual({ status: 2, printed: '', noted })
  expect(await run('value')).toMatchObject({ status: 2 })
  expect(await run('refused', '--wild')).toMatchObject({
    status: 2,
    noted: expect.stringContaining("'--wild'"),
  })
  expect(await run('nothing')).toMatchObject({ status: 2, noted: expect.stringContaining("'nothing'") })
})

test('help is printed if it is asked for, and noted if nothing is', async () => {
  const help = await run('--help')
  expect(help).toMatchObject({ status: 0, noted: '' })
  expect(help.printed).toContain('  refused  fail as refused\n')
  expect(await run()).toEqual({ status: 2, printed: '', noted: help.printed })
  expect(await run('help')).toEqual(help)
})

test('each command has a help of its own', async () => {
  expect(await run('refused', '--help')).toEqual({
    status: 0,
    noted: '',
    printed: `
usage: nf-conntrack refused [OPTIONS]

Fail as refused.

  -W, --wide             more
      --netns NAME|PATH  network namespace: a name of ip-netns(8), or a path
      --json             JSON, one object a line; 64-bit numbers are strings
  -h, --help             this text

  nf-conntrack refused --wide`.slice(1),
  })
})

test('the version', async () => {
  expect(await run('--version')).toEqual({ status: 0, printed: '1.2.3', noted: '' })
})
