/** An actor of `cases/holders-and-rivals.mjs`, and whether its remote is the one that is held. */
export type Rival = readonly [actor: string, to?: 'same' | 'other']

/** Several actors that the kernel is expected to treat alike, so that one row or column is enough. */
export interface Group<Member> {
  readonly title: string
  readonly members: readonly Member[]
}

export interface RefusalTable {
  readonly corner: string
  readonly holders: readonly Group<string>[]
  readonly rivals: readonly Group<Rival>[]
}

const tcp: RefusalTable = {
  corner: 'held, TCP',
  holders: [
    {
      title: 'a tuple or repair reservation; a connection whose port the kernel picked',
      members: ['tuple', 'repair', 'connect'],
    },
    {
      title: 'a shared tuple; a connection from a port that was bound with `SO_REUSEADDR`',
      members: ['shared tuple', 'connect named reuse'],
    },
    {
      title: 'a port, with `device` too; a listener; anything bound without `SO_REUSEADDR`',
      members: ['TCP port', 'device TCP port', 'listen', 'bind', 'connect named'],
    },
    {
      title: 'a shared port; anything else bound with `SO_REUSEADDR`',
      members: ['shared TCP port', 'bind reuse'],
    },
    { title: 'a tuple or repair reservation with `device`', members: ['device tuple', 'device repair'] },
    { title: 'a shared tuple with `device`', members: ['shared device tuple'] },
  ],
  rivals: [
    {
      title: 'picks, to R',
      members: [
        ['tuple', 'same'],
        ['repair', 'same'],
        ['connect', 'same'],
      ],
    },
    {
      title: 'picks, elsewhere',
      members: [
        ['tuple', 'other'],
        ['repair', 'other'],
        ['connect', 'other'],
      ],
    },
    { title: 'picks, with the `device`, to R', members: [['device tuple', 'same']] },
    { title: 'picks on another address', members: [['tuple second', 'same']] },
    {
      title: 'binds, sharing, to R',
      members: [
        ['shared tuple', 'same'],
        ['connect named reuse', 'same'],
      ],
    },
    {
      title: 'binds, sharing',
      members: [
        ['shared tuple', 'other'],
        ['connect named reuse', 'other'],
        ['shared TCP port'],
        ['bind reuse'],
        ['bind wildcard reuse'],
        ['listen'],
        ['listen everywhere'],
      ],
    },
    {
      title: 'binds',
      members: [
        ['TCP port'],
        ['bind'],
        ['bind wildcard'],
        ['connect named', 'same'],
        ['connect named', 'other'],
      ],
    },
    {
      title: 'binds on another address',
      members: [['bind second'], ['bind second reuse']],
    },
  ],
}

const others: RefusalTable = {
  corner: 'held, UDP and ICMP',
  holders: [
    { title: 'a UDP port; a socket bound without `SO_REUSEADDR`', members: ['UDP port', 'UDP bind'] },
    {
      title: 'a shared UDP port; a socket bound with `SO_REUSEADDR`',
      members: ['shared UDP port', 'UDP bind reuse'],
    },
    { title: 'an echo id', members: ['echo id'] },
    { title: 'a shared echo id; a ping socket', members: ['shared echo id', 'ping socket'] },
  ],
  rivals: [
    { title: 'UDP: picks', members: [['UDP picking']] },
    {
      title: 'UDP: binds, sharing',
      members: [['shared UDP port'], ['UDP bind reuse'], ['UDP wildcard reuse']],
    },
    { title: 'UDP: binds', members: [['UDP port'], ['UDP bind']] },
    { title: 'ICMP: binds, sharing', members: [['shared echo id'], ['ping socket']] },
    { title: 'ICMP: binds', members: [['echo id']] },
    { title: 'TCP', members: [['tuple', 'same'], ['TCP port'], ['listen']] },
  ],
}

/** What the README shows: who is refused what while somebody holds a name. */
export const refusalTables: readonly RefusalTable[] = [tcp, others]
