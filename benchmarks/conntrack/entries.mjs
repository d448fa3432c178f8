// The entries that all sides make; native/conntrack-messages.h says the same in C. More addresses than any cache of them
// has room for: 4,093 clients, 20,011 servers.
const CLIENTS = 4093
const SERVERS = 20_011
const SERVER_STEP = 7919
const FIRST_CLIENT = 0x64400001
const FIRST_SERVER = 0xc6120001
const FIRST_PORT = 1024

export const SERVER_PORT = 443
export const TIMEOUT_SECONDS = 3600
export const MARK = 1

/** Said once, printed with the figures. */
export const ENTRIES =
  'TCP, IPv4, ESTABLISHED, assured, with a mark; 4,093 clients, 20,011 servers, in the order of their numbers'

/**
 * Addresses as 32-bit numbers, and the port of the client.
 *
 * @param {number} index
 */
export function endsOf(index) {
  return {
    client: FIRST_CLIENT + (index % CLIENTS),
    server: FIRST_SERVER + ((index * SERVER_STEP) % SERVERS),
    port: FIRST_PORT + Math.floor(index / CLIENTS),
  }
}

/** @param {number} address */
function text(address) {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.')
}

/**
 * As createMany takes it.
 *
 * @param {number} index
 * @param {number} status
 * @returns {import('@slatfatf/conntrack').NewFlow<string>}
 */
export function flowOf(index, status) {
  const { client, server, port } = endsOf(index)
  return {
    original: {
      source: text(client),
      destination: text(server),
      protocol: 'tcp',
      sourcePort: port,
      destinationPort: SERVER_PORT,
    },
    timeoutSeconds: TIMEOUT_SECONDS,
    status,
    mark: MARK,
    protocolInfo: { tcp: { state: 'ESTABLISHED' } },
  }
}

/**
 * As `conntrack -R` reads it.
 *
 * @param {number} index
 */
export function lineOf(index) {
  const { client, server, port } = endsOf(index)
  const [from, to] = [text(client), text(server)]
  return (
    `-I -t ${TIMEOUT_SECONDS} -u SEEN_REPLY,ASSURED -s ${from} -d ${to} -r ${to} -q ${from} -p tcp ` +
    `--sport ${port} --dport ${SERVER_PORT} --reply-port-src ${SERVER_PORT} --reply-port-dst ${port} ` +
    `--state ESTABLISHED -m ${MARK}\n`
  )
}
