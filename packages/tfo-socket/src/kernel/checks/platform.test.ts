import { release } from 'node:os'
import { expect, test } from 'vitest'
import { TfoSocketError } from '../../errors/tfo-socket-error.js'
import { judgeKernel } from './platform.js'

function refused(code: string, syscall: string, hint?: string): TfoSocketError {
  return new TfoSocketError(`${syscall} ${code}`, { code, syscall, ...(hint !== undefined && { hint }) })
}

test('a kernel that does not know an option is wrong, and named', () => {
  const tooOld = refused('ENOPROTOOPT', 'setsockopt(IP_LOCAL_PORT_RANGE)', 'Requires Linux 6.3')
  expect(judgeKernel([{ kind: 'tuple', refused: tooOld }])).toEqual({
    ok: false,
    found: `Linux ${release()}; tuple: setsockopt(IP_LOCAL_PORT_RANGE) ENOPROTOOPT`,
    wanted: 'Linux 6.3 or later',
    fix: 'Requires Linux 6.3',
  })
})

test.each([
  ['ENOTSUP', 'setsockopt(TCP_FASTOPEN_CONNECT)'],
  ['ERR_FAST_OPEN_SUSPENDED', 'connect'],
  ['EACCES', 'socket'],
  ['EPERM', 'setsockopt(TCP_REPAIR)'],
  ['EADDRNOTAVAIL', 'connect'],
  ['EADDRNOTAVAIL', 'bind'],
  ['EADDRINUSE', 'bind'],
  ['ENETUNREACH', 'connect'],
])('%s from %s is not the fault of the kernel: another check says it, or a name is held', (code, syscall) => {
  expect(judgeKernel([{ kind: 'tuple', refused: refused(code, syscall) }])).toMatchObject({ ok: true })
})

test('a refusal that no other check explains is never left out', () => {
  for (const [code, syscall] of [
    ['EMFILE', 'socket'],
    ['EACCES', 'bind'],
  ] as const) {
    const tried = [
      { kind: 'tuple', refused: undefined },
      { kind: 'port', refused: refused(code, syscall) },
    ] as const
    expect(judgeKernel(tried)).toMatchObject({ ok: false, found: expect.stringContaining(`port: `) })
  }
})

test('echo ids need no particular Linux', () => {
  expect(judgeKernel([{ kind: 'echo-id', refused: undefined }])).toMatchObject({ wanted: 'any Linux' })
})
