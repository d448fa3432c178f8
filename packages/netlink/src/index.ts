// Netlink in two layers: a transport for any protocol (openNetlink and the codec), and on top of it the part
// of rtnetlink that a router needs (openRouteSocket).
export { AttributeReader, readAttributes } from './attribute-reader.js'
export {
  type DumpOptions,
  type MessageDecoder,
  NetlinkConnection,
  type NetlinkSubscriber,
  type RequestOptions,
  type SubscribeOptions,
} from './connection.js'
export {
  NETLINK_GENERIC,
  NETLINK_NETFILTER,
  NETLINK_ROUTE,
  NETLINK_SOCK_DIAG,
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_DUMP_FILTERED,
  NLM_F_ECHO,
  NLM_F_EXCL,
  NLM_F_REPLACE,
} from './constants.js'
export { isNetlinkError, NetlinkError, type NetlinkErrorDetails } from './errors.js'
export type { NetlinkRequest } from './exchange.js'
export { formatIpAddress, parseIpAddress } from './ip-address.js'
export type { IpFamily } from './ip-prefix.js'
export type { NetlinkMessage } from './message.js'
export { type OpenNetlinkOptions, openNetlink } from './open-netlink.js'
export { PayloadWriter } from './payload-writer.js'
export type { Address, AddressFilter, AddressOptions } from './route/addresses.js'
export type {
  OperationalState,
  RouteProtocol,
  RouteScope,
  RouteType,
  RuleAction,
} from './route/kernel-name.js'
export type { LinkListener, RemovedLink } from './route/link-listener.js'
export type { LinkStatistics } from './route/link-statistics.js'
export type { Link, LinkDetail, SetLinkOptions } from './route/links.js'
export type { NextHop, Route } from './route/route.js'
export type { RouteOptions } from './route/route-key.js'
export { type OpenRouteSocketOptions, openRouteSocket, RouteSocket } from './route/route-socket.js'
export type { RouteFilter } from './route/routes.js'
export type { Rule, RuleOptions } from './route/rule.js'
export type { RuleFilter } from './route/rules.js'
export type { TunProperties } from './route/tun-properties.js'
export { LinkWatch, type WatchLinksOptions, watchLinks } from './route/watch-links.js'
