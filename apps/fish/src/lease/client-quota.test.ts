import { expect, it } from 'vitest'
import { ClientQuota, QUOTA } from './client-quota.js'

it('refuses a client its next flow at the limit, and grants it after one ends', () => {
  const quota = new ClientQuota({ flowsPerClient: 2, newFlowsPerSecondPerClient: 100 })
  for (let flow = 0; flow < 2; flow++) {
    expect(quota.judge(1, 0)).toBe(QUOTA.granted)
    quota.opened(1, 0)
  }
  expect(quota.judge(1, 0)).toBe(QUOTA.tooManyFlows)
  expect(quota.judge(2, 0)).toBe(QUOTA.granted)
  quota.closed(1)
  expect(quota.judge(1, 0)).toBe(QUOTA.granted)
})

it('allows a burst of one second’s worth, then the rate', () => {
  const quota = new ClientQuota({ flowsPerClient: 1000, newFlowsPerSecondPerClient: 10 })
  const open = (nowMs: number): number => {
    const verdict = quota.judge(1, nowMs)
    if (verdict === QUOTA.granted) quota.opened(1, nowMs)
    return verdict
  }
  for (let flow = 0; flow < 10; flow++) expect(open(0)).toBe(QUOTA.granted)
  expect(open(0)).toBe(QUOTA.tooFast)
  expect(open(99)).toBe(QUOTA.tooFast)
  expect(open(100)).toBe(QUOTA.granted)
  expect(open(100)).toBe(QUOTA.tooFast)
})

it('forgets a client only when it holds nothing and its rate no longer matters', () => {
  const quota = new ClientQuota({ flowsPerClient: 10, newFlowsPerSecondPerClient: 10 })
  quota.opened(1, 0)
  quota.prune(5000)
  expect(quota.clients).toBe(1)
  quota.closed(1)
  quota.prune(900)
  expect(quota.clients).toBe(1)
  quota.prune(1001)
  expect(quota.clients).toBe(0)
})
