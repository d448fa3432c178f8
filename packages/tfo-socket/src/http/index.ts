// HTTP clients whose first request travels in the SYN, and which can be kept to a slice of an address's ports: agents
// for node:http and node:https, and a connector for undici.
export { Agent, type AgentOptions } from './agent.js'
export type { ConnectionSettings } from './connection-settings.js'
export { HttpsAgent, type HttpsAgentOptions } from './https-agent.js'
export {
  type UndiciConnector,
  type UndiciConnectorOptions,
  undiciConnector,
} from './undici-connector.js'
