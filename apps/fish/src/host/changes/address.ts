import type { AddressChange } from '../host-change.js'
import type { ChangeKind, ChangeTools } from './change-kind.js'

interface AddressBefore {
  readonly existed: boolean
}

export const address: ChangeKind<AddressChange, AddressBefore> = {
  identify: ({ interface: name, address }) => `${address} on ${name}`,
  readBefore: async (change, tools) => ({ existed: await exists(change, tools) }),
  async apply({ interface: name, address }, { route }) {
    await route.ensureAddress({ interface: name, address })
  },
  async undo({ interface: name, address }, { existed }, { route }) {
    if (!existed) await route.removeAddress({ interface: name, address })
  },
  holds: exists,
}

async function exists(change: AddressChange, { route }: ChangeTools): Promise<boolean> {
  const addresses = await route.addresses({ interface: change.interface, family: 4 })
  return addresses.some(({ address, prefixLength }) => `${address}/${prefixLength}` === change.address)
}
