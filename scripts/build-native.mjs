// Compiles the addon of the package in the working directory and leaves a stripped copy where
// node-gyp-build looks for it in a published tarball. Headers come from the running Node itself, or,
// where a distribution ships none, from the headers inside npm's node-linux-* package. Nothing else is
// downloaded.
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const packageDirectory = process.cwd()
const { name } = JSON.parse(readFileSync(join(packageDirectory, 'package.json'), 'utf8'))
const require = createRequire(join(root, 'package.json'))

// Where addons were built once: what is left there would be loaded before what is built now.
rmSync(join(packageDirectory, 'build'), { recursive: true, force: true })
execFileSync(
  process.execPath,
  [
    require.resolve('node-gyp/bin/node-gyp.js'),
    'rebuild',
    `--nodedir=${headersDirectory()}`,
    '--loglevel=warn',
  ],
  // Not at the root of the package: npm compiles whatever has a binding.gyp there when it installs from a lock file.
  { stdio: 'inherit', cwd: join(packageDirectory, 'native') },
)

const release = join(packageDirectory, 'native/build/Release')
const addon = readdirSync(release).find((file) => file.endsWith('.node'))
if (!addon) throw new Error(`${name}: node-gyp left no .node file in native/build/Release`)
const prebuilds = join(packageDirectory, 'prebuilds', `linux-${process.arch}`)
mkdirSync(prebuilds, { recursive: true })
const prebuilt = join(prebuilds, `${name.replace('/', '+')}.glibc.node`)
// Renamed into place: overwritten code would crash the processes that run it.
copyFileSync(join(release, addon), `${prebuilt}.new`)
execFileSync('strip', ['--strip-unneeded', `${prebuilt}.new`])
renameSync(`${prebuilt}.new`, prebuilt)

/** Directory that holds include/node/node_api.h for the running version of Node. */
function headersDirectory() {
  const own = resolve(dirname(process.execPath), '..')
  if (existsSync(join(own, 'include/node/node_api.h'))) return own
  const cache = join(root, '.cache', `node-${process.version}`)
  const fromNpm = join(cache, 'node_modules', `node-linux-${process.arch}`)
  if (!existsSync(join(fromNpm, 'include/node/node_api.h'))) {
    mkdirSync(cache, { recursive: true })
    const version = process.version.slice(1)
    execFileSync(
      'npm',
      ['install', '--prefix', cache, '--no-save', `node-linux-${process.arch}@${version}`],
      {
        stdio: 'inherit',
      },
    )
  }
  return fromNpm
}
