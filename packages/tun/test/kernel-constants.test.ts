// The constants are written down in our own source, because the headers a package is built with are often older than the kernel it
// runs on. Here those that the headers of this machine do know are compared with them.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as descriptor from '../src/batch/descriptor.js'
import * as abi from '../src/kernel-abi.js'

const constants = Object.entries<unknown>({ ...abi, ...descriptor })
  .filter(([name]) => /^(IFF|TUN_F|VIRTIO_NET_HDR)_/.test(name))
  .map(([name, value]) => [name, Number(value)] as const)

/** Words of a descriptor, and the fields of the virtio header they stand for. */
const fields = {
  flags: 'flags',
  gsoType: 'gso_type',
  headerLength: 'hdr_len',
  gsoSize: 'gso_size',
  checksumStart: 'csum_start',
  checksumOffset: 'csum_offset',
} as const

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kernel-constants-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What the headers say, by name; what they lack is not in it. */
function askHeaders(lines: string[]): Record<string, number> {
  const source = `
    #include <stddef.h>
    #include <stdio.h>
    #include <linux/if_tun.h>
    #include <linux/virtio_net.h>
    int main(void) {
    ${lines.join('\n')}
    return 0;
    }`
  const program = join(folder, 'ask')
  execFileSync('gcc', ['-x', 'c', '-', '-o', program], { input: source })
  const output = execFileSync(program, { encoding: 'utf8' })
  return Object.fromEntries(
    output
      .trim()
      .split('\n')
      .map((line) => [line.split(' ')[0], Number(line.split(' ')[1])]),
  )
}

test('kernel constants that the build headers have are the same there, and those they lack are not needed', () => {
  const known = askHeaders(
    constants.map(([name]) => `#ifdef ${name}\nprintf("${name} %lld\\n", (long long)${name});\n#endif`),
  )
  const ours = Object.fromEntries(constants.filter(([name]) => name in known))
  expect(ours).toEqual(known)
  // All but those of Linux 6.2 have been there for long.
  const recent = ['TUN_F_USO4', 'TUN_F_USO6', 'VIRTIO_NET_HDR_GSO_UDP_L4']
  expect(
    constants.map(([name]) => name).filter((name) => !(name in known) && !recent.includes(name)),
  ).toEqual([])
  expect(Object.keys(known).length).toBeGreaterThanOrEqual(16)
})

test('the virtio words of a descriptor stand in the order of the fields of the virtio header', () => {
  const known = askHeaders([
    'printf("size %zu\\n", sizeof(struct virtio_net_hdr));',
    ...Object.values(fields).map(
      (field) => `printf("${field} %zu\\n", offsetof(struct virtio_net_hdr, ${field}));`,
    ),
  ])
  expect(known.size).toBe(abi.VIRTIO_HEADER_BYTES)
  const words = Object.keys(fields) as (keyof typeof fields)[]
  const inHeader = words.toSorted((a, b) => known[fields[a]]! - known[fields[b]]!)
  const inDescriptor = words.toSorted((a, b) => descriptor.DESCRIPTOR[a] - descriptor.DESCRIPTOR[b])
  expect(inDescriptor).toEqual(inHeader)
})
