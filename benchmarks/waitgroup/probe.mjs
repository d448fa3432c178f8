// Loads npm's packages from the folder that they were installed in: node probe.mjs FOLDER
import { createSide as createJpwilliams } from './sides/jpwilliams.mjs'
import { createSide as createPQueue } from './sides/p-queue.mjs'

const [folder = ''] = process.argv.slice(2)
for (const create of [createPQueue, createJpwilliams]) {
  const side = await create(folder)
  await side.go?.(async () => {}, 1)
}
