import { expect, test } from 'vitest'
import { FakeDescriptors, FakeLine, settle } from '../../test/fake-handover.js'
import { type Inheritance, meetPredecessor } from './meet-predecessor.js'

interface Scene {
  descriptors: FakeDescriptors
  /** The running version's end. */
  old: FakeLine
  mine: FakeLine
  meeting: Promise<Inheritance>
}

function scene({ free = 1_000, timeoutMs = 5_000 } = {}): Scene {
  const descriptors = new FakeDescriptors()
  const [old, mine] = FakeLine.pair(descriptors)
  const environment = { pid: 7, freeDescriptors: () => free, closeFd: descriptors.close }
  const meeting = meetPredecessor(mine, environment, timeoutMs)
  meeting.catch(() => {})
  return { descriptors, old, mine, meeting }
}

const welcome = { type: 'welcome', protocol: 1, pid: 3, generation: 9, coordination: '/run/a.sock' }
const offer = {
  type: 'offer',
  belongings: [
    { kind: 'listen', name: 'web', count: 1 },
    { kind: 'keep', name: 'box', count: 2 },
  ],
}

async function say(line: FakeLine, ...messages: [object, number[]?][]): Promise<void> {
  for (const [message, fds] of messages) {
    await line.send(message, fds)
    await settle()
  }
}

test('what was offered is there by name when the word to begin comes', async () => {
  const { old, meeting } = scene()
  await say(old, [welcome, [2]], [offer], [{ type: 'descriptors' }, [1, 1, 1]])
  await say(old, [{ type: 'offer', belongings: [{ kind: 'state', name: 'log', count: 1 }] }])
  await say(old, [{ type: 'descriptors' }, [1]])
  await old.sendBytes('state', Buffer.from('abc'))
  await say(old, [{ type: 'begin', state: { version: 2, bytes: 3 } }])
  const inheritance = await meeting
  expect(inheritance).toMatchObject({ pid: 3, generation: 9, coordination: '/run/a.sock', complete: true })
  expect(inheritance.belongings.map(({ name, fds }) => [name, fds.length])).toEqual([
    ['web', 1],
    ['box', 2],
    ['log', 1],
  ])
  expect(inheritance.stderrFd).toBeTypeOf('number')
  expect(inheritance.state).toMatchObject({ version: 2, bytes: Buffer.from('abc') })
  expect(inheritance.state?.fds.get('log')).toHaveLength(1)
  const said = []
  for (;;) {
    const next = old.receive()
    const received = await Promise.race([next, settle().then(() => undefined)])
    if (received === undefined || !('message' in received)) break
    said.push((received.message as { type: string }).type)
  }
  expect(said).toEqual(['hello', 'accept', 'received', 'accept', 'received'])
})

test.each<[string, [object, number[]?][], number]>([
  ['before it said anything', [], 0],
  ['before it passed the sockets', [[welcome, [2]], [offer]], 0],
  ['before it said begin', [[welcome, [2]], [offer], [{ type: 'descriptors' }, [1, 1, 1]]], 2],
])('a running version that dies %s leaves what had come', async (_, messages, names) => {
  const { old, meeting } = scene()
  await say(old, ...messages)
  old.close()
  const inheritance = await meeting
  expect(inheritance.complete).toBe(false)
  expect(inheritance.belongings).toHaveLength(names)
})

test.each<[string, [object, number[]?][], string]>([
  ['another protocol', [[{ ...welcome, protocol: 2 }, [2]]], 'ERR_RESTART_PROTOCOL_VERSION'],
  ['a cancellation', [[{ type: 'cancel', code: 'X', message: 'no' }]], 'ERR_RESTART_CANCELLED'],
  [
    'a commit',
    [[welcome, [2]], [{ type: 'commit', coordination: false, generations: [] }]],
    'ERR_RESTART_PROTOCOL',
  ],
  ['a wrong field', [[{ ...welcome, pid: 'x' }, [2]]], 'ERR_RESTART_PROTOCOL'],
  [
    'too few descriptors',
    [[welcome, [2]], [offer], [{ type: 'descriptors' }, [1]]],
    'ERR_RESTART_DESCRIPTORS_LOST',
  ],
  [
    'too many',
    [[welcome, [2]], [offer], [{ type: 'descriptors' }, [1, 1, 1, 1]]],
    'ERR_RESTART_DESCRIPTORS_LOST',
  ],
  ['none at all', [[welcome, [2]], [offer], [{ type: 'hold', holdMs: 1 }, [5, 6]]], 'ERR_RESTART_PROTOCOL'],
  [
    'a state of another length',
    [[{ type: 'begin', state: { version: 1, bytes: 4 } }]],
    'ERR_RESTART_PROTOCOL',
  ],
])('%s ends it, the running version is told, and nothing stays open', async (_, messages, code) => {
  const { descriptors, old, mine, meeting } = scene()
  await say(old, ...messages)
  await expect(meeting).rejects.toMatchObject({ code })
  let last: unknown
  for (;;) {
    const received = await Promise.race([old.receive(), settle().then(() => undefined)])
    if (received === undefined) break
    last = received
  }
  expect(last).toMatchObject({ message: { type: 'fail', code } })
  old.close()
  mine.close()
  expect(descriptors.open.size).toBe(0)
})

test('what there is no room for is refused by number', async () => {
  const { old, meeting } = scene({ free: 33 })
  await say(old, [welcome, [2]], [offer])
  await expect(meeting).rejects.toMatchObject({
    code: 'ERR_RESTART_DESCRIPTOR_LIMIT',
    message: '3 descriptors are handed over, there is room for 1',
  })
})

test('a running version that says nothing is not waited for without end', async () => {
  const { meeting } = scene({ timeoutMs: 20 })
  await expect(meeting).rejects.toMatchObject({ code: 'ERR_RESTART_PREDECESSOR_SILENT' })
})
