import { execFileSync } from 'node:child_process'
import { open } from 'node:fs/promises'
import { waitFor } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  type Link,
  type LinkListener,
  type LinkWatch,
  openRouteSocket,
  type RemovedLink,
  type WatchLinksOptions,
  watchLinks,
} from '../src/index.js'
import { openRouteLab, type RouteLab } from './route-lab.js'

// host (watched): west ─ east, a cable with both ends in one namespace      other: empty
let host: RouteLab
beforeAll(async () => {
  host = await openRouteLab()
})
afterAll(() => host.close())

const watches: LinkWatch[] = []
afterEach(async () => {
  for (const watch of watches.splice(0)) await watch.close()
})

/** What is told of one link, by its name; a change as what is different. */
class Told implements LinkListener {
  readonly lines: string[] = []
  readonly losses: string[] = []
  readonly #names: readonly string[]

  constructor(...names: string[]) {
    this.#names = names
  }

  added(link: Link): void {
    this.#tell(link, `${link.name} added`)
  }

  changed(link: Link, before: Link): void {
    for (const key of ['up', 'mtu', 'name', 'group'] as const) {
      if (link[key] !== before[key]) this.#tell(link, `${before.name} ${key} ${link[key]}`)
    }
  }

  removed(link: RemovedLink): void {
    this.#tell(link, `${link.name} ${link.movedToIndex === undefined ? 'deleted' : 'moved'}`)
  }

  lost({ code }: { code: string }): void {
    this.losses.push(code)
  }

  #tell({ name }: Link, line: string): void {
    if (this.#names.includes(name)) this.lines.push(line)
  }
}

async function watch(listener: LinkListener, options: WatchLinksOptions = {}): Promise<LinkWatch> {
  const opened = await watchLinks(listener, { netns: host.path, ...options })
  watches.push(opened)
  return opened
}

/** Without what the kernel changes without a word while a link is down, such as the carrier. */
function essence(links: Iterable<Link>): string[] {
  return Array.from(links, ({ index, name, mtu, up }) => `${index} ${name} ${mtu} ${up}`).sort()
}

test('a watch begins with the links that are there', async () => {
  const { links } = await watch({})
  const now = await host.socket.links()
  expect(links).toEqual(new Map(now.map((link) => [link.index, link])))
})

test('the life of a link is told in its order: made, up, MTU, renamed, down, removed', async () => {
  const told = new Told('life', 'afterlife')
  await watch(told)
  await host.ip('tuntap', 'add', 'mode', 'tun', 'name', 'life')
  await host.socket.setLink('life', { up: true })
  await host.socket.setLink('life', { mtu: 1400 })
  await host.socket.setLink('life', { name: 'afterlife' })
  await host.socket.setLink('afterlife', { up: false })
  await host.socket.removeLink('afterlife')
  await waitFor(() => told.lines.includes('afterlife deleted'))
  expect(told.lines).toEqual([
    'life added',
    'life up true',
    'life mtu 1400',
    'life name afterlife',
    'afterlife up false',
    'afterlife deleted',
  ])
})

test('a link that moves to another namespace is told in both, with its new index', async () => {
  const [here, there] = [new Told('mover'), new Told('mover')]
  let removed: RemovedLink | undefined
  await watch(here)
  await watch({ removed: (link) => (removed = link) })
  const other = await watch(there, { netns: host.lab.path('other') })
  await host.ip('tuntap', 'add', 'mode', 'tun', 'name', 'mover')
  await host.socket.setLink('mover', { up: true })
  await host.socket.setLink('mover', { netns: host.lab.path('other'), mtu: 1300 })
  await waitFor(() => here.lines.length === 4 && there.lines.length === 2)
  expect(here.lines).toEqual(['mover added', 'mover up true', 'mover up false', 'mover moved'])
  expect(there.lines).toEqual(['mover added', 'mover mtu 1300'])
  expect(other.links.get(removed!.movedToIndex!)).toMatchObject({ name: 'mover', up: false })
})

test('a port that leaves its bridge is not taken for a link that is gone', async () => {
  const told = new Told('port')
  const { links } = await watch(told)
  await host.ip('link', 'add', 'name', 'bridge', 'type', 'bridge')
  await host.ip('link', 'add', 'name', 'port', 'type', 'veth', 'peer', 'name', 'plug')
  await host.ip('link', 'set', 'port', 'master', 'bridge')
  await host.ip('link', 'set', 'port', 'nomaster')
  await host.ip('link', 'set', 'port', 'mtu', '1300')
  await waitFor(() => told.lines.includes('port mtu 1300'))
  expect(told.lines).toEqual(['port added', 'port mtu 1300'])
  expect([...links.values()].map(({ name }) => name)).toContain('port')
})

test('a message in which nothing of a link is different is not told', async () => {
  const messages: string[] = []
  await watch({ changed: (link) => messages.push(`${link.name} ${link.mtu}`) })
  await host.ip('link', 'set', 'west', 'alias', 'to the east')
  await host.socket.setLink('west', { mtu: 1450 })
  await waitFor(() => messages.length > 0)
  expect(messages).toEqual(['west 1450'])
})

test('after an overflow the state is read anew, and what was missed is told', async () => {
  const told = new Told('first', 'second', 'third', 'fourth')
  await host.ip('tuntap', 'add', 'mode', 'tun', 'name', 'first')
  await host.ip('tuntap', 'add', 'mode', 'tun', 'name', 'second')
  const { links } = await watch(told, { receiveBufferBytes: 4096 })
  const changes = Array.from({ length: 300 }, (_, i) => `link set west mtu ${1000 + i}`)
  changes.push(
    'link set first name fourth mtu 1234 group 5',
    'link delete second',
    'tuntap add mode tun name third',
  )
  // Synchronously, so that nobody reads meanwhile.
  execFileSync('ip', ['-n', host.lab.name('host'), '-batch', '-'], { input: `${changes.join('\n')}\n` })
  await waitFor(() => told.lines.includes('third added'))
  expect(told.losses).toContain('ENOBUFS')
  expect(told.lines.toSorted()).toEqual([
    'first group 5',
    'first mtu 1234',
    'first name fourth',
    'second deleted',
    'third added',
  ])
  expect(essence(links.values())).toEqual(essence(await host.socket.links()))
  await host.socket.setLink('third', { up: true })
  await waitFor(() => told.lines.includes('third up true'))
})

test('a flood that does not end in time is survived with the right state', async () => {
  const told = new Told('flooded')
  const { links } = await watch(told, { receiveBufferBytes: 4096 })
  const flood = host.lab.spawn('host', 'sh', [
    '-c',
    `for round in 1 2 3 4 5 6 7 8; do
       for mtu in $(seq 1000 1040); do echo "link set west mtu $mtu"; echo "link set east mtu $mtu"; done
       echo "tuntap add mode tun name flooded"
       echo "tuntap delete mode tun name flooded"
     done | ip -batch -
     ip tuntap add mode tun name flooded`,
  ])
  await flood.exited
  const now = essence(await host.socket.links())
  await waitFor(() => essence(links.values()).join() === now.join())
  // Whatever was missed: it was never told twice in a row.
  for (const [i, line] of told.lines.entries()) expect(told.lines[i + 1]).not.toBe(line)
  expect(told.lines.at(-1)).toBe('flooded added')
})

test('links are watched in a namespace that is known by a descriptor only', async () => {
  const namespace = await open(host.lab.path('other'))
  try {
    const told = new Told('guest')
    await watch(told, { netns: `/proc/self/fd/${namespace.fd}` })
    await host.lab.ip('other', 'link', 'add', 'name', 'guest', 'type', 'veth', 'peer', 'name', 'host')
    await waitFor(() => told.lines.length > 0)
    expect(told.lines).toEqual(['guest added'])
  } finally {
    await namespace.close()
  }
})

test('an event that a socket of another namespace with the same port number causes is told', async () => {
  // The first netlink socket of a process in a namespace gets its process id as port number.
  const child = await host.lab.enter('other', new URL('./cases/watch-links.mjs', import.meta.url))
  expect(await child.call('makeLinkFromAnotherNamespace', host.path)).toEqual(['a', 'b'])
})

test('an abort ends the watch, before, during and after its beginning', async () => {
  await expect(watch({}, { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before')
  const during = new AbortController()
  const beginning = watch({}, { signal: during.signal })
  during.abort(new Error('during'))
  await expect(beginning).rejects.toThrow('during')

  const [aborted, closed, open] = [new Told('west'), new Told('west'), new Told('west')]
  const after = new AbortController()
  await watch(aborted, { signal: after.signal })
  const second = await watch(closed)
  await watch(open)
  after.abort()
  await second.close()
  await second.close()
  await host.socket.setLink('west', { mtu: 1333 })
  await waitFor(() => open.lines.length > 0)
  expect(aborted.lines).toEqual([])
  expect(closed.lines).toEqual([])
})

test('what a listener throws is an uncaught exception, and the watch goes on', async () => {
  const child = await host.lab.enter('host', new URL('./cases/watch-links.mjs', import.meta.url))
  expect(await child.call('throwFromListener')).toEqual(['from the listener', 'still told'])
})

test('watching needs no capability', async () => {
  const child = await host.lab.enter('host', new URL('./cases/watch-links.mjs', import.meta.url))
  const names = await child.call<string[]>('watchWithoutCapability')
  expect(names).toEqual(expect.arrayContaining(['lo', 'west', 'east']))
})

test('a watch with ref: false lets the process end, also while it reads anew', async () => {
  const { pathname } = new URL('./cases/idle-watch.mjs', import.meta.url)
  const { stdout } = await host.lab.exec('other', process.execPath, [pathname])
  expect(stdout).toBe('watching lo\n')
})

test('a watch in a namespace that is not there says why', async () => {
  await expect(watchLinks({}, { netns: '/run/netns/nobody' })).rejects.toMatchObject({
    code: 'ENOENT',
    syscall: 'setns',
  })
})

test('a move by the number of an open descriptor arrives', async () => {
  const namespace = await open(host.lab.path('other'))
  const other = await openRouteSocket({ netns: `/proc/self/fd/${namespace.fd}` })
  try {
    await host.ip('tuntap', 'add', 'mode', 'tun', 'name', 'by-number')
    await host.socket.setLink('by-number', { netns: namespace.fd, up: true })
    expect(await other.link('by-number')).toMatchObject({ up: true, tun: { mode: 'tun', persist: true } })
  } finally {
    await other.close()
    await namespace.close()
  }
})
