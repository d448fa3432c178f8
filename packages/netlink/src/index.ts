// Netlink in two layers: a transport for any protocol (openNetlink and the codec), and on top of it the part
// of rtnetlink that a router needs (openRouteSocket).
export type { AttributeNames, AttributeTable } from './codec/attribute-path.js'
export { AttributeReader, readAttributes } from './codec/attribute-reader.js'
export { formatIpAddress, parseIpAddress } from './codec/ip-address.js'
export type { IpFamily } from './codec/ip-prefix.js'
export type { NetlinkMessage } from './codec/message.js'
export { PayloadWriter } from './codec/payload-writer.js'
export type { BulkOptions } from './connection/bulk-options.js'
export {
  BULK_ERROR,
  BULK_EXISTS,
  BULK_OK,
  BULK_UNKNOWN,
  type BulkOutcome,
  BulkResult,
} from './connection/bulk-result.js'
export {
  type DumpOptions,
  type MessageDecoder,
  NetlinkConnection,
  type RequestOptions,
} from './connection/connection.js'
export type { NetlinkRequest } from './connection/exchange.js'
export { NetlinkStream } from './connection/netlink-stream.js'
export { type OpenNetlinkOptions, openNetlink } from './connection/open-netlink.js'
export type { NetlinkSubscriber, SubscribeOptions } from './connection/subscriber.js'
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
export { isNetlinkError, NetlinkError, type NetlinkErrorDetails } from './errors/netlink-error.js'
export type { Address } from './route/address/address.js'
export type { AddressFilter, AddressOptions } from './route/address/addresses.js'
export type {
  NeighbourState,
  OperationalState,
  RouteProtocol,
  RouteScope,
  RouteType,
  RuleAction,
} from './route/kernel-name.js'
export type { Link, LinkDetail } from './route/link/link.js'
export type {
  AddLinkOptions,
  IpvlanOptions,
  LinkEndOptions,
  MacvlanOptions,
  NewLinkOptions,
  PlainLinkOptions,
  VethOptions,
  VlanOptions,
} from './route/link/link-options.js'
export type { LinkStatistics } from './route/link/link-statistics.js'
export type { SetLinkOptions } from './route/link/set-link.js'
export type { TunProperties } from './route/link/tun-properties.js'
export type { Neighbour } from './route/neighbour/neighbour.js'
export type { NeighbourFilter, NeighbourKey, NeighbourOptions } from './route/neighbour/neighbours.js'
export type { ManyRoutesOptions, RouteOutcome } from './route/route/many-routes.js'
export type { NextHop, Route } from './route/route/route.js'
export type { RouteMetrics } from './route/route/route-metrics.js'
export type { NextHopOptions, RouteOptions } from './route/route/route-options.js'
export type { RouteFilter } from './route/route/routes.js'
export { type OpenRouteSocketOptions, openRouteSocket, RouteSocket } from './route/route-socket.js'
export type { Rule, RuleOptions } from './route/rule/rule.js'
export type { RuleFilter } from './route/rule/rules.js'
export type { LinkListener, RemovedLink } from './route/watch/link-listener.js'
export type { WatchOptions } from './route/watch/open-watch.js'
export type { WatchListener } from './route/watch/watch.js'
export {
  AddressWatch,
  type WatchAddressesOptions,
  watchAddresses,
} from './route/watch/watch-addresses.js'
export { LinkWatch, type WatchLinksOptions, watchLinks } from './route/watch/watch-links.js'
export {
  NeighbourWatch,
  type WatchNeighboursOptions,
  watchNeighbours,
} from './route/watch/watch-neighbours.js'
export { RouteWatch, type WatchRoutesOptions, watchRoutes } from './route/watch/watch-routes.js'
export {
  type RuleListener,
  RuleWatch,
  type WatchRulesOptions,
  watchRules,
} from './route/watch/watch-rules.js'
