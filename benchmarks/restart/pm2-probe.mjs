// Fails unless pm2 is in the folder that is its first argument, and loads.
import { createRequire } from 'node:module'
import { join } from 'node:path'

createRequire(join(process.argv[2] ?? '.', 'package.json')).resolve('pm2/bin/pm2')
