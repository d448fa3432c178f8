// Signals whose group nobody has any more; needs --expose-gc.
import { WaitGroup } from '@slatfatf/waitgroup'
import { collect, tell } from './program.mjs'

const source = new AbortController()
const parent = new WaitGroup({ signal: source.signal })
const signals = [
  new WaitGroup({ signal: source.signal }).signal,
  parent.child('child').signal,
  parent.child('child').child('grandchild').signal,
]
await collect()
await collect()
source.abort('stop')
tell([...signals, parent.signal].map(({ reason }) => reason))
