import { expect, test } from 'vitest'
import { errorText } from './error-text.js'

const stack = [
  'file:///srv/app.js:3',
  'Error: Cannot open the database: it is locked',
  '    at open (file:///srv/app.js:3:7)',
  'Node.js v20.20.2',
]

test('the reason in a stack comes again at the end, as logs show the last lines only', () => {
  const error = Object.assign(new Error('the new version exited with status 1'), {
    code: 'ERR_RESTART_CHILD_EXITED',
    hint: 'Mend it',
    stderr: stack,
  })
  expect(errorText('app', error).split('\n').at(-1)).toBe(
    '  it said: Error: Cannot open the database: it is locked',
  )
})

test('nothing is said twice in a row', () => {
  const error = Object.assign(new Error('it failed'), { code: 'X', stderr: ['Error: no database'] })
  expect(errorText('app', error).split('\n')).toEqual([
    'app: it failed [X]',
    '  the last that it wrote:',
    '    | Error: no database',
  ])
})
