import { notEqual, strictEqual } from 'node:assert/strict'
import { once } from 'node:events'
import { Server } from 'node:net'
import { networkInterfaces } from 'node:os'

export const echo = (...args) => args
export const addresses = () =>
  Object.values(networkInterfaces()).flatMap((addresses) => addresses.map(({ address }) => address))
export const print = (text) => console.error(text)

export function deviceBusy() {
  const cause = Object.assign(new RangeError('the queue is taken'), { code: 'ERR_QUEUE' })
  throw Object.assign(new Error('TUNSETIFF on wg0: device is busy', { cause }), {
    name: 'TunError',
    code: 'EBUSY',
    errno: -16,
    syscall: 'ioctl',
    hint: 'detach the queue first',
  })
}

export function wrongType() {
  throw Object.assign(new TypeError('name must be a string'), { code: 'ERR_INVALID_ARG_TYPE' })
}

export const differ = () => strictEqual(1n, 2n)
export const functionInError = () => notEqual(echo, echo)
export const throwText = () => Promise.reject('just text')
export const returnFunction = () => echo

export async function addressInUse() {
  const servers = [new Server(), new Server()]
  servers[0].listen(0, '127.0.0.1')
  await once(servers[0], 'listening')
  servers[1].listen(servers[0].address().port, '127.0.0.1')
  await once(servers[1], 'listening')
}

export function crash() {
  console.error('about to crash')
  process.kill(process.pid, 'SIGSEGV')
  return new Promise(() => {})
}

export function answerAndCrash() {
  setImmediate(() => process.kill(process.pid, 'SIGKILL'))
  return 'last words'
}

export const exit = (code) => process.exit(code)
export const never = () => new Promise(() => {})

export function spin() {
  while (true);
}
