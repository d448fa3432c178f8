import type { AttributeTable } from '../../codec/attribute-path.js'
import * as rt from '../constants.js'

/** For errors that name the refused attribute. */
export const routeAttributes: AttributeTable = {
  headerBytes: 12,
  attributes: {
    [rt.RTA_DST]: 'RTA_DST',
    [rt.RTA_OIF]: 'RTA_OIF',
    [rt.RTA_GATEWAY]: 'RTA_GATEWAY',
    [rt.RTA_PRIORITY]: 'RTA_PRIORITY',
    [rt.RTA_PREFSRC]: 'RTA_PREFSRC',
    [rt.RTA_METRICS]: 'RTA_METRICS',
    [rt.RTA_MULTIPATH]: 'RTA_MULTIPATH',
    [rt.RTA_TABLE]: 'RTA_TABLE',
    [rt.RTA_VIA]: 'RTA_VIA',
  },
}
