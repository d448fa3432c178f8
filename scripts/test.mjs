// Runs every check and every test, one after the other, and ends with one line that counts them. Namespace tests open devices and load
// nft rules, so nothing here runs in parallel and nothing is cached.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const reports = join(root, '.cache/test-reports')
rmSync(reports, { recursive: true, force: true })
mkdirSync(reports, { recursive: true })

const total = { passed: 0, failed: 0, skipped: 0 }

check('format and lint', 'npx', ['biome', 'ci', '.'])
check('C++ format', 'sh', ['-c', "git ls-files '*.cc' '*.h' '*.c' | xargs clang-format --dry-run --Werror"])
check('unused code', 'npx', ['knip'])
check('types', 'npx', ['turbo', 'run', 'typecheck', '--output-logs=errors-only'])
for (const workspace of workspacesWithTests()) test(workspace)

console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1

function check(name, command, args) {
  console.log(`\n── ${name}`)
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  total[status === 0 ? 'passed' : 'failed']++
}

function test(workspace) {
  const name = relative(root, workspace)
  console.log(`\n── tests of ${name}`)
  const report = join(reports, `${name.replaceAll('/', '-')}.json`)
  const args = ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const { status } = spawnSync('npx', args, { cwd: workspace, stdio: 'inherit' })
  if (!existsSync(report)) {
    console.error(`${name}: the test runner left no report`)
    total.failed++
    return
  }
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(
    readFileSync(report, 'utf8'),
  )
  total.passed += numPassedTests
  // A file that cannot be loaded fails the run without failing a test.
  total.failed += numFailedTests || (status === 0 ? 0 : 1)
  total.skipped += numPendingTests + numTodoTests
}

function workspacesWithTests() {
  return ['packages', 'tooling', 'apps']
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(root, folder, name)))
    .concat(join(root, 'benchmarks'))
    .filter((workspace) => existsSync(join(workspace, 'vitest.config.ts')))
}
