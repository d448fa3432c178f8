/** Of every command. */
export const COMMON_OPTIONS = {
  netns: {
    type: 'string',
    value: 'NAME|PATH',
    help: 'network namespace: a name of ip-netns(8), or a path',
  },
  json: { type: 'boolean', help: 'JSON, one object a line; 64-bit numbers are strings' },
  help: { type: 'boolean', short: 'h', help: 'this text' },
} as const

/** Of commands that print tables. */
export const TABLE_OPTIONS = {
  'no-header': { type: 'boolean', help: 'no line with the names of the columns' },
} as const

/** The path of the namespace that was named. */
export function netnsPath(name: string | undefined): string | undefined {
  return name === undefined || name.includes('/') ? name : `/run/netns/${name}`
}
