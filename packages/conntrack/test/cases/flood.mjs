// Makes, deletes or churns entries as a process of its own: node flood.mjs create|flush FIRST COUNT
import { openConntrack } from '@slatfatf/conntrack'

const [verb, first, count] = process.argv.slice(2)
const conntrack = await openConntrack()
if (verb === 'flush') await conntrack.flush()
else {
  const flows = Array.from({ length: Number(count) }, (_, index) => {
    const number = Number(first) + index
    return {
      original: {
        source: `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`,
        destination: '198.51.100.1',
        protocol: 'tcp',
        sourcePort: 1024 + (number % 50_000),
        destinationPort: 443,
      },
      timeoutSeconds: 600,
    }
  })
  const { created, unknown } = await conntrack.createMany(flows)
  if (created + unknown !== flows.length) throw new Error(`${created} of ${count} were created`)
}
await conntrack.close()
