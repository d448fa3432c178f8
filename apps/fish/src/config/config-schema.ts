import { z } from 'zod'
import { clientPrefixProblem, sliceAddressProblem } from './ipv4-text.js'
import {
  absolutePath,
  integer,
  interfaceName,
  listenAddress,
  milliseconds,
  onlyValue,
  portRange,
} from './scalar-schemas.js'

const map = { error: 'a map of settings' }

function text(expected: string, problem: (value: string) => string | undefined) {
  return z.string({ error: expected }).superRefine((value, context) => {
    const message = problem(value)
    if (message !== undefined)
      context.addIssue({ code: 'custom', message: expected, params: { problem: message } })
  })
}

export const deviceSchema = z.strictObject(
  {
    name: interfaceName.default('fishtun'),
    mtu: integer(576, 65535, 'bytes').default(1500),
    offload: z.enum(['auto', 'raw', 'off'], { error: 'auto, raw or off' }).default('auto'),
    txQueueLength: integer(1, 1_000_000, 'packets').default(10_000),
  },
  map,
)

export const clientSchema = z.strictObject(
  {
    interface: interfaceName,
    prefixes: z
      .array(text('an IPv4 prefix, like 10.64.0.0/24', clientPrefixProblem), { error: 'a list of prefixes' })
      .min(1, { error: 'a list of at least one prefix (leave it out to serve every source)' })
      .exactOptional(),
  },
  map,
)

export const sliceSchema = z.strictObject(
  {
    address: text('an IPv4 unicast address', sliceAddressProblem),
    ports: portRange,
    tags: z
      .array(z.string({ error: 'a word' }).min(1, { error: 'a word' }), { error: 'a list of words' })
      .default([]),
  },
  map,
)

const tableRule = 'a routing table from 1 to 4294967295 that is not 253 (default), 254 (main) or 255 (local)'
const routingTable = z
  .number({ error: tableRule })
  .refine(
    (table) => Number.isInteger(table) && table > 0 && table < 2 ** 32 && (table < 253 || table > 255),
    {
      error: tableRule,
    },
  )

export const routingSchema = z.strictObject(
  {
    mark: integer(1, 2 ** 32 - 1).default(42),
    table: routingTable.default(100),
    clientTable: routingTable.default(101),
    // Three rules from here on, and all of them before the main table at 32766.
    priority: integer(1, 32763).default(10),
  },
  map,
)

// Defaults and minima: RFC 5382 REQ-5 (established 2 h 4 min, transitory 4 min), RFC 4787 REQ-5 (UDP), RFC 5508 REQ-2 (ICMP).
const timeoutsSchema = z.strictObject(
  {
    tcpEstablishedMs: milliseconds(1).default(7_440_000),
    tcpTransitoryMs: milliseconds(1).default(240_000),
    udpMs: milliseconds(1).default(300_000),
    icmpMs: milliseconds(1).default(60_000),
  },
  map,
)

/** The document as written: unknown keys are errors, absent ones get their default. */
export const configSchema = z.strictObject(
  {
    device: deviceSchema.prefault({}),
    clients: z
      .array(clientSchema, { error: 'a list of clients' })
      .min(1, { error: 'a list of at least one client' }),
    slices: z
      .array(sliceSchema, { error: 'a list of slices' })
      .min(1, { error: 'a list of at least one slice' }),
    egress: z
      .strictObject(
        {
          tcp: onlyValue('placeholder').default('placeholder'),
          udp: onlyValue('port').default('port'),
          icmp: onlyValue('echo-id').default('echo-id'),
          rules: z
            .array(z.never(), { error: 'an empty list: this version has no egress rules' })
            .max(0, { error: 'an empty list: this version has no egress rules', abort: true })
            .default([]),
        },
        map,
      )
      .prefault({}),
    returnPath: onlyValue('socket-mark').default('socket-mark'),
    routing: routingSchema.prefault({}),
    limits: z
      .strictObject(
        {
          flows: integer(1, 2 ** 24).default(65_536),
          flowsPerClient: integer(1, 2 ** 24).default(2_048),
          newFlowsPerSecondPerClient: integer(1, 1_000_000).default(200),
        },
        map,
      )
      .prefault({}),
    timeouts: timeoutsSchema.prefault({}),
    host: z
      .strictObject({ widenPortRange: z.boolean({ error: 'true or false' }).default(false) }, map)
      .prefault({}),
    stop: z.strictObject({ quietMs: milliseconds().default(2_000) }, map).prefault({}),
    restart: z
      .strictObject(
        {
          // sizeof(sockaddr_un.sun_path) without its final zero, unix(7).
          socket: absolutePath(107).default('/run/fish/restart.sock'),
          drainMs: milliseconds().default(30_000),
        },
        map,
      )
      .prefault({}),
    metrics: z
      .preprocess(
        (value) => (value === false ? undefined : value),
        z
          .strictObject(
            { listen: listenAddress.prefault('127.0.0.1:9464') },
            { error: 'a map of settings, or false' },
          )
          .optional(),
      )
      .optional(),
    state: z.strictObject({ directory: absolutePath().default('/run/fish') }, map).prefault({}),
  },
  map,
)
