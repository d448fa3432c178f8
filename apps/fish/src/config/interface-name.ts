/** What {@link isInterfaceName} accepts, in words. */
export const interfaceNameRule =
  'an interface name: 1 to 15 letters, digits or . _ - @ +, and not one of lo, all, default'

/**
 * Tells whether `name` can name a device of ours.
 *
 * Narrower than `dev_valid_name()` in net/core/dev.c: a `*` would be a wildcard to nft, a `%` a template to the TUN driver,
 * and `all` and `default` are directories of /proc/sys/net/ipv4/conf that are no interface.
 */
export function isInterfaceName(name: string): boolean {
  return /^[\w.@+-]{1,15}$/.test(name) && !['.', '..', 'lo', 'all', 'default'].includes(name)
}
