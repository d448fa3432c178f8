import { Command } from 'commander'
import packageJson from '../../package.json' with { type: 'json' }
import { check } from './check.js'
import { lab } from './lab.js'
import { run } from './run.js'

const program = new Command('fishd')
  .description('Forwards clients’ IP packets out of shared address slices.')
  .version(packageJson.version)
  .showHelpAfterError()

program
  .command('run')
  .description('start in the foreground; ends on SIGTERM or SIGINT and leaves the host as it was')
  .requiredOption('-c, --config <file>', 'configuration file (YAML)')
  .action(async ({ config }: { config: string }) => {
    process.exitCode = await run(config)
  })

program
  .command('check')
  .description('validate the configuration and what the host needs; changes nothing')
  .requiredOption('-c, --config <file>', 'configuration file (YAML)')
  .action(async ({ config }: { config: string }) => {
    process.exitCode = await check(config)
  })

program
  .command('lab')
  .description('play the whole story on this machine, in network namespaces of its own')
  .option('--seconds <number>', 'length of each speed measurement', '3')
  .action(async ({ seconds }: { seconds: string }) => {
    process.exitCode = await lab({ seconds: Number(seconds) })
  })

await program.parseAsync()
