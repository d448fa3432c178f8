/** An ICMP echo request of 84 bytes from 192.0.2.2 to 192.0.2.1, checksums complete, payload zero. */
export const echoRequest = new Uint8Array(84)
echoRequest.set(Buffer.from('45000054000000004001f6a5c0000202c00002010800b5bc42420001', 'hex'))
