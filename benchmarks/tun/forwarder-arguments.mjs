/**
 * What every forwarder here is told: `LEFT LEFT_NETWORK RIGHT RIGHT_NETWORK`, names of devices and networks of 24 bits.
 *
 * @param {readonly string[]} words
 */
export function readForwarderArguments(words) {
  const [left = '', leftNetwork = '', right = '', rightNetwork = ''] = words
  return {
    left: { device: left, network: networkBits(leftNetwork) },
    right: { device: right, network: networkBits(rightNetwork) },
  }
}

/** @param {string} address */
function networkBits(address) {
  const [a = 0, b = 0, c = 0] = address.split('.').map(Number)
  return (a << 16) | (b << 8) | c
}

/**
 * All that a forwarder here decides: whether a packet is IPv4 and for a network of 24 bits.
 *
 * @param {Uint8Array} bytes
 * @param {number} offset Of the first byte of the packet.
 * @param {number} length Of the packet.
 * @param {number} network
 */
export function isFor(bytes, offset, length, network) {
  if (length < 20 || /** @type {number} */ (bytes[offset]) >> 4 !== 4) return false
  const a = /** @type {number} */ (bytes[offset + 16])
  const b = /** @type {number} */ (bytes[offset + 17])
  const c = /** @type {number} */ (bytes[offset + 18])
  return ((a << 16) | (b << 8) | c) === network
}
