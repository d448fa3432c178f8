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
  const own = { LISTEN_PID: '1', WATCHDOG_PID: '1', RESTART_CHANNEL_FD: '3', NODE_CHANNEL_FD: '4' }
  const environment = { ...own, WATCHDOG_USEC: '1000000', PATH: '/bin' }
  const { env } = commandFor({ env: { EXTRA: 'yes', PATH: undefined } }, environment)
  expect(env).toEqual({ EXTRA: 'yes', WATCHDOG_USEC: '1000000', PATH: undefined })
})

test('what the program adds to its environment does not go to the next one', () => {
  process.env.ADDED_LATER = '1'
  try {
    expect(commandFor({}).env).not.toHaveProperty('ADDED_LATER')
    expect(commandFor({}).env).toHaveProperty('PATH')
  } finally {
    delete process.env.ADDED_LATER
  }
})

test('another program does not get the arguments of Node', () => {
  expect(commandFor({ file: '/bin/app' })).toMatchObject({ file: '/bin/app', args: [] })
})
