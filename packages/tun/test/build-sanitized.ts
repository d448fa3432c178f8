import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))
const repository = resolve(root, '../..')

/**
 * Compiles the addon with AddressSanitizer and UndefinedBehaviorSanitizer into `folder`, and returns the environment in which Node loads
 * it in place of the usual one. Whatever the sanitizers find ends the process with a report on standard error.
 */
export async function buildSanitized(folder: string): Promise<Record<string, string>> {
  const release = join(folder, 'build', 'Release')
  mkdirSync(release, { recursive: true })
  const { include_dir: napi } = createRequire(import.meta.url)('node-addon-api') as { include_dir: string }
  const includes = [headersDirectory(), resolve(root, napi), join(repository, 'tooling/native/include')]
  const flags = [
    '-std=c++20',
    '-fPIC',
    // Not optimised: half the time to compile, and nothing here is measured.
    '-O0',
    '-g1',
    '-fno-omit-frame-pointer',
    '-fno-exceptions',
    '-fsanitize=address,undefined',
    '-fno-sanitize-recover=all',
    '-DNODE_GYP_MODULE_NAME=tun',
    '-DNAPI_VERSION=9',
    '-DNAPI_DISABLE_CPP_EXCEPTIONS',
    '-DNODE_ADDON_API_DISABLE_DEPRECATED',
    '-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
    ...includes.map((directory) => `-I${directory}`),
  ]
  const sources = readdirSync(join(root, 'native')).filter((file) => file.endsWith('.cc'))
  const objects = await Promise.all(
    sources.map(async (source) => {
      const object = join(folder, `${source}.o`)
      await run('g++', [...flags, '-c', join(root, 'native', source), '-o', object])
      return object
    }),
  )
  await run('g++', ['-shared', '-fsanitize=address,undefined', ...objects, '-o', join(release, 'tun.node')])
  return {
    // Where node-gyp-build looks first, for the package of this name.
    '@SLATFATF/TUN_PREBUILD': folder,
    LD_PRELOAD: execFileSync('gcc', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim(),
    // What Node keeps until it ends is no leak of the addon's; descriptors are counted elsewhere.
    ASAN_OPTIONS: 'detect_leaks=0:detect_stack_use_after_return=1:strict_memcmp=0',
    UBSAN_OPTIONS: 'print_stacktrace=1',
  }
}

/** The headers of the running Node, as scripts/build-native.mjs finds them. */
function headersDirectory(): string {
  const candidates = [
    resolve(dirname(process.execPath), '../include/node'),
    join(repository, `.cache/node-${process.version}/node_modules/node-linux-${process.arch}/include/node`),
  ]
  const found = candidates.find((directory) => existsSync(join(directory, 'node_api.h')))
  if (found === undefined) throw new Error(`no node_api.h in ${candidates.join(' or ')}`)
  return found
}
