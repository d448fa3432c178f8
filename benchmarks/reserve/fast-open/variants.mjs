import { join } from 'node:path'
import { compileNativeProgram } from '../../harness/native-program.mjs'
import { enterStage, leaveStage } from '../../harness/stage.mjs'
import { startPath } from './path.mjs'

const CLIENT = join(import.meta.dirname, 'client.mjs')

const node = async () => [process.execPath, CLIENT]
const native = async () => [await compileNativeProgram('reserve-fast-open')]

export const plain = client('plain', 'net.connect and write', 'plain', node)
export const fastNoCookie = client('ours-no-cookie', "tfo-socket, 'no-cookie'", 'no-cookie', node)
export const fastCookie = client('ours-cookie', 'tfo-socket, cookie', 'cookie', node)
export const cNoCookie = client('c-no-cookie', 'C, MSG_FASTOPEN, no cookie', 'no-cookie', native)

/**
 * @param {string} name
 * @param {string} title
 * @param {'plain' | 'no-cookie' | 'cookie'} mode
 * @param {() => Promise<string[]>} program
 * @returns {import('../../harness/variant.mjs').Variant}
 */
function client(name, title, mode, program) {
  const cookie = mode === 'cookie' ? 'cookie' : 'no-cookie'
  return {
    name,
    title,
    rules: [`the server listens with ${cookie === 'cookie' ? 'cookies' : 'noCookie'}`],
    async start() {
      const command = await program()
      const path = await startPath(cookie)
      enterStage((words) => [...command, mode, ...words])
      return {
        async stop() {
          leaveStage()
          await path.stop()
        },
      }
    },
  }
}
