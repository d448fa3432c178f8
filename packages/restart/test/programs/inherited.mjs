// Tells what it inherited, closes it if asked to, and then what a child of its own inherits.
import { spawnSync } from 'node:child_process'
import { closeDescriptor, inheritedDescriptors } from '@slatfatf/restart'

const [, program, action] = process.argv
const found = inheritedDescriptors().map(({ fd, description }) => ({ fd, kind: description.kind }))
if (action === 'tell') {
  console.log(JSON.stringify(found))
} else {
  if (action === 'close') for (const { fd } of found) closeDescriptor(fd)
  const { stdout } = spawnSync(process.execPath, [program, 'tell'], { encoding: 'utf8' })
  console.log(JSON.stringify({ found, passedOn: JSON.parse(stdout) }))
}
