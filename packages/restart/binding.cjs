// What came with the package, else what was compiled in native/.
const { join } = require('node:path')
const load = require('node-gyp-build')

try {
  module.exports = load(__dirname)
} catch (error) {
  try {
    module.exports = load(join(__dirname, 'native'))
  } catch {
    throw error
  }
}
