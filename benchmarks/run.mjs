// Runs a benchmark by name: node benchmarks/run.mjs NAME [options]
const benchmarks = {
  conntrack: () => import('./conntrack/conntrack.mjs'),
  forward: () => import('./forward/forward.mjs'),
  reserve: () => import('./reserve/reserve.mjs'),
  restart: () => import('./restart/restart.mjs'),
  tun: () => import('./tun/tun.mjs'),
  waitgroup: () => import('./waitgroup/waitgroup.mjs'),
}

const [name = '', ...options] = process.argv.slice(2)

if (Object.hasOwn(benchmarks, name)) {
  const { run } = await benchmarks[/** @type {keyof typeof benchmarks} */ (name)]()
  process.exitCode = await run(options)
} else {
  const complaint = name === '' ? 'Which benchmark?' : `There is no benchmark ${name}.`
  console.error(`${complaint} There is: ${Object.keys(benchmarks).join(', ')}`)
  process.exitCode = 2
}
