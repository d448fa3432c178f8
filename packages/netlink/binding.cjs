// What was compiled in native/, else what came with the package.
const { join } = require('node:path')
const load = require('node-gyp-build')

try {
  module.exports = load(join(__dirname, 'native'))
} catch {
  module.exports = load(__dirname)
}
