import { openNetlink, PayloadWriter } from '@slatfatf/netlink'
import { createLab, type Lab, type NetnsChild } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { IPCTNL_MSG_CT_NEW } from '../src/codec/constants.js'
import { writeNewFlow } from '../src/codec/encode-flow.js'
import {
  type Conntrack,
  type NewFlow,
  openConntrack,
  prepareTcp,
  statusNames,
  type TcpState,
  toNewFlow,
} from '../src/index.js'

// client 192.0.2.2 ── 192.0.2.1 router 198.51.100.1 ── 198.51.100.2 server
// The client talks to 203.0.113.80, which nobody has; entries of the router translate it to the server.
let lab: Lab
let conntrack: Conntrack
let client: NetnsChild
let server: NetnsChild
let port = 30_000

const tracking = 'add rule inet t look ct state new accept'
const natChains = `
  add chain inet t pre { type nat hook prerouting priority -100; }
  add chain inet t post { type nat hook postrouting priority 100; }
`
const families = [
  {
    family: 'IPv4',
    from: '192.0.2.2',
    to: '203.0.113.80',
    serverAddress: '198.51.100.2',
    routerAddress: '198.51.100.1',
    range: ['198.51.100.1', '198.51.100.9'],
  },
  {
    family: 'IPv6',
    from: '2001:db8:1::2',
    to: '2001:db8:3::80',
    serverAddress: '2001:db8:2::2',
    routerAddress: '2001:db8:2::1',
    range: ['2001:db8:2::1', '2001:db8:2::9'],
  },
] as const

beforeAll(async () => {
  lab = await createLab({
    namespaces: ['client', 'router', 'server'],
    links: [
      {
        a: 'client:eth0 192.0.2.2/24 2001:db8:1::2/64',
        b: 'router:eth0 192.0.2.1/24 2001:db8:1::1/64',
      },
      {
        a: 'router:eth1 198.51.100.1/24 2001:db8:2::1/64',
        b: 'server:eth0 198.51.100.2/24 2001:db8:2::2/64',
      },
    ],
  })
  await lab.ip('client', 'route', 'add', 'default', 'via', '192.0.2.1')
  await lab.ip('client', '-6', 'route', 'add', 'default', 'via', '2001:db8:1::1')
  // What is not translated is answered at once instead of being waited for.
  await lab.ip('router', 'route', 'add', 'unreachable', '203.0.113.0/24')
  await lab.ip('router', '-6', 'route', 'add', 'unreachable', '2001:db8:3::/64')
  await lab.sysctl('router', 'net.ipv4.icmp_ratelimit', '0')
  await lab.sysctl('router', 'net.ipv6.icmp.ratelimit', '0')
  await lab.sysctl('router', 'net.ipv4.ip_forward', '1')
  await lab.sysctl('router', 'net.ipv6.conf.all.forwarding', '1')
  await lab.nft('router', 'add table inet t\nadd chain inet t look { type filter hook forward priority 0; }')
  conntrack = await openConntrack({ netns: lab.path('router') })
  const cases = new URL('./cases/conntrack.mjs', import.meta.url)
  ;[client, server] = await Promise.all([lab.enter('client', cases), lab.enter('server', cases)])
  for (const { serverAddress } of families) await server.call('serve', serverAddress, 8080)
})
afterEach(() => conntrack.flush())
afterAll(async () => {
  await conntrack?.close()
  await lab?.close()
})

describe.each(families)('over $family', ({ from, to, serverAddress, routerAddress, range }) => {
  const original = () => ({ source: from, destination: to, sourcePort: ++port, destinationPort: 80 })
  const destination = { address: serverAddress, port: 8080 }
  const ask = ({ source, sourcePort, destination, destinationPort }: ReturnType<typeof original>) =>
    client.call<string>('ask', source, sourcePort, destination, destinationPort)

  test('an entry in a namespace that does not track, or has no nat chains, translates nothing', async () => {
    const bare = original()
    await conntrack.create(prepareTcp({ original: bare, nat: { destination } }))
    await expect(ask(bare)).rejects.toMatchObject({ code: expect.stringMatching(/UNREACH|EACCES/) })
    await lab.nft('router', tracking)
    const tracked = original()
    await conntrack.create(prepareTcp({ original: tracked, nat: { destination } }))
    await expect(ask(tracked)).rejects.toMatchObject({ code: expect.stringMatching(/UNREACH|EACCES/) })
    await lab.nft('router', 'flush chain inet t look')
  })

  describe('in a namespace that tracks and has empty nat chains', () => {
    beforeAll(() => lab.nft('router', `${natChains}\n${tracking}`))
    afterAll(() =>
      lab.nft('router', 'flush chain inet t look\ndelete chain inet t pre\ndelete chain inet t post'),
    )

    test.each<TcpState | 'none'>(['none', 'NONE', 'SYN_SENT', 'SYN_RECV', 'ESTABLISHED', 'TIME_WAIT'])(
      'TCP goes through a created entry with both ends translated, made in state %s',
      async (state) => {
        const connection = original()
        const source = { address: routerAddress, port: port + 10_000 }
        const { protocolInfo, ...flow } = prepareTcp({ original: connection, nat: { source, destination } })
        const info = state === 'none' ? {} : { protocolInfo: { tcp: { state } } }
        await conntrack.create({ ...flow, ...info }, { requireTracking: true })
        expect(await ask(connection)).toBe(`${routerAddress} ${port + 10_000}`)
        const entry = await conntrack.get({ original: flow.original })
        expect(entry!.reply).toEqual({
          source: serverAddress,
          destination: routerAddress,
          protocol: 'tcp',
          sourcePort: 8080,
          destinationPort: port + 10_000,
        })
        expect(statusNames(entry!.status!)).toEqual(
          expect.arrayContaining(['SEEN_REPLY', 'SRC_NAT', 'DST_NAT', 'SRC_NAT_DONE', 'DST_NAT_DONE']),
        )
      },
    )

    test('of a range of addresses and ports the kernel picks what is free', async () => {
      const connection = original()
      const nat = { source: { address: range, port: [50_000, 50_009] }, destination } as const
      await conntrack.create(prepareTcp({ original: connection, nat }))
      const { reply } = (await conntrack.get({ original: { ...connection, protocol: 'tcp' } }))!
      expect(reply.destinationPort).toBeGreaterThanOrEqual(50_000)
      expect(reply.destinationPort).toBeLessThanOrEqual(50_009)
    })

    test('an entry that was read is made again as it was, and carries the connection', async () => {
      const connection = original()
      await conntrack.create(
        prepareTcp({
          original: connection,
          nat: { source: { address: routerAddress, port: 61_000 }, destination },
        }),
      )
      const entry = (await conntrack.get({ original: { ...connection, protocol: 'tcp' } }))!
      await conntrack.delete(entry)
      await conntrack.create(toNewFlow(entry))
      expect((await conntrack.get({ original: entry.original }))!.reply).toEqual(entry.reply)
      expect(await ask(connection)).toBe(`${routerAddress} 61000`)
    })

    test('the kernel takes a reply that is translated already and translates nothing, so it is refused', async () => {
      const connection = original()
      const flow: NewFlow = {
        ...prepareTcp({ original: connection, nat: { destination } }),
        reply: {
          source: serverAddress,
          destination: from,
          protocol: 'tcp',
          sourcePort: 8080,
          destinationPort: connection.sourcePort,
        },
      }
      await expect(conntrack.create(flow)).rejects.toMatchObject({
        code: 'ERR_CONNTRACK_TRANSLATED_REPLY',
        hint: expect.stringContaining('toNewFlow'),
      })
      const writer = new PayloadWriter()
      const { nat, ...half } = flow
      writeNewFlow(writer, half, flow.reply!)
      await using netlink = await openNetlink({ protocol: 12, netns: lab.path('router') })
      const message = { type: IPCTNL_MSG_CT_NEW, flags: 0x600, payload: writer.finish() }
      await netlink.request(message)
      await expect(ask(connection)).rejects.toMatchObject({ code: expect.stringMatching(/UNREACH|EACCES/) })
    })

    test('a translation cannot be changed later: the kernel knows it at creation only', async () => {
      const connection = original()
      await conntrack.create(prepareTcp({ original: connection }))
      const key = { original: { ...connection, protocol: 'tcp' } } as const
      await expect(conntrack.update(key, { nat: { destination } } as never)).rejects.toMatchObject({
        code: 'ERR_INVALID_ARG_VALUE',
      })
    })
  })
})
