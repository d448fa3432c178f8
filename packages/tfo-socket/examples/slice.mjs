import { createSlice } from '@slatfatf/tfo-socket'

const [address, first, last, ...remotes] = process.argv.slice(2)
const slice = createSlice({ address, ports: { first: Number(first), last: Number(last) } })

const tuples = remotes.map((remote) => slice.reserveTuple(remote, 443))
for (const [i, tuple] of tuples.entries()) {
  console.log(
    tuple ? `${tuple.address}:${tuple.port} for ${remotes[i]}` : `no port is left for ${remotes[i]}`,
  )
}
for (const tuple of tuples) tuple?.release()
