import { expect, test } from 'vitest'
import { commandFor, defaultCommand } from './default-command.js'

const facts = {
  execPath: '/usr/bin/node',
  execArgv: ['--enable-source-maps'],
  argv: ['/usr/bin/node', '/srv/app/releases/7/server.js', '--port', '80'],
  cwd: '/srv/app/releases/7',
  pwd: undefined,
  realpath: (path: string) => path.replace('/srv/app/current', '/srv/app/releases/7'),
}

test('the same Node with its options, the same script and arguments', () => {
  expect(defaultCommand(facts)).toEqual({
    file: '/usr/bin/node',
    args: ['--enable-source-maps', '/srv/app/releases/7/server.js', '--port', '80'],
    cwd: '/srv/app/releases/7',
  })
})

test('a service that was started through a symbolic link is started through it again', () => {
  expect(defaultCommand({ ...facts, pwd: '/srv/app/current' })).toMatchObject({
    args: ['--enable-source-maps', '/srv/app/current/server.js', '--port', '80'],
    cwd: '/srv/app/current',
  })
})

test('a variable PWD that leads elsewhere, or nowhere, means nothing', () => {
  expect(defaultCommand({ ...facts, pwd: '/home/me' }).cwd).toBe(facts.cwd)
  expect(defaultCommand({ ...facts, pwd: 'relative' }).cwd).toBe(facts.cwd)
  const realpath = () => {
    throw new Error('ENOENT')
  }
  expect(defaultCommand({ ...facts, pwd: '/gone', realpath }).cwd).toBe(facts.cwd)
})

test('a script outside the directory keeps its path, and a program without one has none', () => {
  const outside = { ...facts, argv: ['node', '/opt/tool.js'], pwd: '/srv/app/current' }
  expect(defaultCommand(outside).args.at(-1)).toBe('/opt/tool.js')
  expect(defaultCommand({ ...facts, execArgv: ['-e', '1'], argv: ['node'] }).args).toEqual(['-e', '1'])
})

test('variables that name this process do not go to the next one', () => {
  process.env.LISTEN_PID = '1'
  process.env.WATCHDOG_PID = '1'
  process.env.WATCHDOG_USEC = '1000000'
  try {
    const { env } = commandFor({ env: { EXTRA: 'yes', PATH: undefined } })
    expect(env).not.toHaveProperty('LISTEN_PID')
    expect(env).not.toHaveProperty('WATCHDOG_PID')
    expect(env).toMatchObject({ EXTRA: 'yes', WATCHDOG_USEC: '1000000', PATH: undefined })
  } finally {
    for (const name of ['LISTEN_PID', 'WATCHDOG_PID', 'WATCHDOG_USEC']) delete process.env[name]
  }
})

test('another program does not get the arguments of Node', () => {
  expect(commandFor({ file: '/bin/app' })).toMatchObject({ file: '/bin/app', args: [] })
})
