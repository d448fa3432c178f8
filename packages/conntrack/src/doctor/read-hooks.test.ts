import { type NetlinkConnection, PayloadWriter } from '@slatfatf/netlink'
import { createFakeNetlink, type FakeAnswer } from '@slatfatf/netlink/fake'
import { expect, test } from 'vitest'
import { readHooks } from './read-hooks.js'

const NFNL_MSG_HOOK_GET = 12 << 8
const hook = (...names: (string | undefined)[]): FakeAnswer => ({
  replies: names.map((name) => {
    const payload = new PayloadWriter().raw(Uint8Array.of(2, 0, 0, 0)).uint32BE(2, 0)
    return {
      type: NFNL_MSG_HOOK_GET,
      payload: (name === undefined ? payload : payload.text(4, name)).finish(),
    }
  }),
})

/** A kernel without rules that answers so when it is asked for hooks. */
function kernelWith(hooks: FakeAnswer): NetlinkConnection {
  return createFakeNetlink({ answer: ({ type }) => (type === NFNL_MSG_HOOK_GET ? hooks : {}) }).connection
}

test('hooks tell what tracks and translates, whoever has put them there', async () => {
  const connection = kernelWith(hook('ipv4_conntrack_defrag', 'ipv4_conntrack_in', 'nf_nat_ipv4_pre_routing'))
  expect(await readHooks(connection, 4, undefined)).toEqual({
    isTracked: true,
    hasNat: true,
    source: 'hooks',
  })
})

test('to put fragments together is not to track', async () => {
  const connection = kernelWith(hook('ipv4_conntrack_defrag', 'nft_do_chain_inet'))
  expect(await readHooks(connection, 4, undefined)).toEqual({
    isTracked: false,
    hasNat: false,
    source: 'hooks',
  })
})

test('where hooks have no names or are not told, the rules are read', async () => {
  for (const answer of [hook('nf_nat_ipv4_pre_routing', undefined), { error: 'EINVAL' }]) {
    expect((await readHooks(kernelWith(answer), 4, undefined)).source).toBe('rules')
  }
})

test('in another namespace tables of iptables cannot be excluded: what the rules do not say is unknown', async () => {
  expect(await readHooks(kernelWith({ error: 'EINVAL' }), 4, '/proc/self/ns/mnt')).toEqual({
    isTracked: undefined,
    hasNat: undefined,
    source: 'rules',
  })
})
