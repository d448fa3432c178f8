// Runs as `prepack`: copies the C++ headers that all addons share into the package being packed, so that
// the sources in the tarball compile on their own.
import { cpSync } from 'node:fs'
import { join, resolve } from 'node:path'

const shared = resolve(import.meta.dirname, '../tooling/native/include')
cpSync(shared, join(process.cwd(), 'native/include'), { recursive: true })
