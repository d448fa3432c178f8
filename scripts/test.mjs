// Runs every check and every test, one after the other, and ends with what failed, by name, and one line that counts everything.
// Namespace tests open devices and load nft rules, so nothing here runs in parallel and nothing is cached.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const reports = join(root, '.cache/test-reports')
rmSync(reports, { recursive: true, force: true })
mkdirSync(reports, { recursive: true })

const total = { passed: 0, failed: 0, skipped: 0 }
const failures = []
const secondTries = []

check('format and lint', 'npx', ['biome', 'ci', '.'])
check('C++ format', 'sh', ['-c', "git ls-files '*.cc' '*.h' '*.c' | xargs clang-format --dry-run --Werror"])
check('unused code', 'npx', ['knip'])
check('types', 'npx', ['turbo', 'run', 'typecheck', '--output-logs=errors-only'])
for (const workspace of workspacesWithTests()) test(workspace)

if (secondTries.length > 0) console.log(`\n── passed at the second try\n${secondTries.join('\n')}`)
if (failures.length > 0) console.log(`\n── failed\n${failures.join('\n')}`)
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1

function check(name, command, args) {
  console.log(`\n── ${name}`)
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  if (status === 0) total.passed++
  else failed(1, [name])
}

function failed(count, descriptions) {
  total.failed += count
  failures.push(...descriptions)
}

function test(workspace) {
  const name = relative(root, workspace)
  console.log(`\n── tests of ${name}`)
  const report = join(reports, `${name.replaceAll('/', '-')}.json`)
  const args = ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const { status } = spawnSync('npx', args, { cwd: workspace, stdio: 'inherit' })
  if (!existsSync(report)) {
    failed(1, [`${name}: the test runner left no report`])
    return
  }
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
    readFileSync(report, 'utf8'),
  )
  total.passed += numPassedTests
  total.skipped += numPendingTests + numTodoTests
  secondTries.push(...testResults.flatMap((file) => messagesOf(file, 'passed')))
  // A file that cannot be loaded, or an error outside of every test, fails the run without failing a test.
  if (numFailedTests > 0) failed(numFailedTests, testResults.flatMap(failuresOfFile))
  else if (status !== 0)
    failed(1, [`${name}: the run failed outside of its tests`, ...testResults.flatMap(failuresOfFile)])
}

// The middle of a long log is easily lost: one entry a failed test, with its file, its name and what it said.
function failuresOfFile(file) {
  const tests = messagesOf(file, 'failed')
  return tests.length > 0 || file.status === 'passed'
    ? tests
    : [`${relative(root, file.name)}\n${file.message}`]
}

function messagesOf({ name, assertionResults }, status) {
  return assertionResults
    .filter(
      (result) => result.status === status && (result.failureMessages.length > 0 || status === 'failed'),
    )
    .map((result) => `${relative(root, name)} > ${result.fullName}\n${result.failureMessages.join('\n')}`)
}

function workspacesWithTests() {
  return ['packages', 'tooling', 'apps']
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(root, folder, name)))
    .concat(join(root, 'benchmarks'))
    .filter((workspace) => existsSync(join(workspace, 'vitest.config.ts')))
}
