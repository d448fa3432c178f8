// Runs in a mount namespace of its own, where `folder` becomes a tmpfs of 1 MiB.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createMappedFile, openMappedFile } from '@slatfatf/restart'
import { refusal, say } from './say.mjs'

const folder = process.argv[2]
execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', folder])
const path = join(folder, 'state')

const tooLarge = await refusal(() => createMappedFile({ path, sizeBytes: 2_000_000, version: 1 }))
const after = readdirSync(folder)

const file = createMappedFile({ path, sizeBytes: 900_000, version: 1 })
writeFileSync(join(folder, 'sparse'), readFileSync(path).subarray(0, 4096), { mode: 0o600 })
truncateSync(join(folder, 'sparse'), 904_096)
const sparse = await refusal(() => openMappedFile(join(folder, 'sparse'), { version: 1 }))

// With the file system full to the last page, every page of the mapped file is there all the same.
const rest = await refusal(() => writeFileSync(join(folder, 'rest'), new Uint8Array(200_000)))
new Uint8Array(file.buffer).fill(7)
say({ tooLarge, after, sparse, rest: rest.code, last: new Uint8Array(file.buffer)[899_999] })
process.exit(0)
