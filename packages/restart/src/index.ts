export type { ChannelMessage } from './channel/assembler.js'
export type { WaitOptions } from './channel/bounded-wait.js'
export type { PeerCredentials } from './channel/channel-binding.js'
export { isDescriptorAnnouncement } from './channel/descriptor-messages.js'
export {
  type ChannelOptions,
  type FdChannel,
  openChannel,
  openChannelPair,
  type ReceiveOptions,
} from './channel/fd-channel.js'
export type { MessageFilter } from './channel/mailbox.js'
export { answerDescriptors, receiveDescriptors } from './channel/receive-descriptors.js'
export { sendDescriptors } from './channel/send-descriptors.js'
export { type ExitStatus, exitStatus } from './cli/exit-status.js'
export { type RestartCommandOptions, runRestartCommand } from './cli/run-restart-command.js'
export type { ConnectionCarrier, DrainConnections } from './connections/connection-carrier.js'
export type { AskOptions } from './coordination/ask-options.js'
export type { CoordinationHandler } from './coordination/coordination-handler.js'
export type { CloseOptions, CoordinationServer } from './coordination/coordination-server.js'
export type { InstanceStatus } from './coordination/instance-status.js'
export {
  type AdoptCoordinationOptions,
  adoptCoordination,
  type CoordinationOptions,
  openCoordination,
} from './coordination/open-coordination.js'
export { type Pong, ping } from './coordination/ping.js'
export type {
  Busy,
  ProcessExit,
  Progress,
  ProgressDetails,
  RestartResult,
  Stage,
} from './coordination/protocol.js'
export {
  type RequestRestartOptions,
  type RestartAnswer,
  requestRestart,
} from './coordination/request-restart.js'
export { requestRollback } from './coordination/request-rollback.js'
export { requestStatus } from './coordination/request-status.js'
export { type RequestStopOptions, requestStop } from './coordination/request-stop.js'
export type { Validation, ValidationCommand } from './coordination/validation.js'
export type { FdDescription, SocketName } from './descriptor/descriptor-binding.js'
export {
  closeDescriptor,
  type InheritedDescriptor,
  inheritedDescriptors,
} from './descriptor/inherited-descriptors.js'
export type {
  ListenAddress,
  ListenKind,
  TcpAddress,
  UdpAddress,
  UnixAddress,
} from './descriptor/listen-address.js'
export {
  adoptListenSocket,
  type BoundAddress,
  type CloseListenSocketOptions,
  type ListenOptions,
  type ListenSocket,
} from './descriptor/listen-socket.js'
export { type ListenUnixOptions, listenUnix } from './descriptor/listen-unix.js'
export { type ListenSocketOptions, openListenSocket } from './descriptor/open-listen-socket.js'
export type { ListenedAddress, Relisten } from './drain/accepting.js'
export { type Drain, openDrain } from './drain/drain.js'
export type { DrainEnvironment } from './drain/drain-environment.js'
export type {
  DrainOptions,
  DrainStartOptions,
  HttpDrainOptions,
  HttpHandOverOptions,
  WebSocketDrainOptions,
} from './drain/drain-options.js'
export type { DrainPart, PolitePhase } from './drain/drain-part.js'
export type { CutWork, DrainPhase, DrainReport, HookFailure } from './drain/drain-report.js'
export type { DrainStatus } from './drain/drain-status.js'
export type { DrainHook } from './drain/hook-part.js'
export type { WebSocketLike, WebSocketServerLike } from './drain/web-socket-part.js'
export {
  isRestartError,
  type ProcessEnd,
  RestartError,
  type RestartErrorDetails,
} from './errors/restart-error.js'
export type { Before } from './instance/before.js'
export type { EndReport } from './instance/end-report.js'
export { Instance, type StopOptions } from './instance/instance.js'
export type {
  CommandOptions,
  InstanceOptions,
  SavedState,
  StateOptions,
} from './instance/instance-options.js'
export { openInstance } from './instance/open-instance.js'
export type { Companion } from './park/companion.js'
export type { CompanionOptions } from './park/open-companion.js'
export { openCompanion } from './park/open-companion.js'
export { openParked, type ParkOptions, park, unpark } from './park/park.js'
export type { Parked } from './park/parked.js'
export type { AcceptedVersions } from './state/accepted-versions.js'
export { createMappedFile, type MappedFileOptions } from './state/create-mapped-file.js'
export {
  type DecodeStateOptions,
  decodeState,
  encodeState,
  type VersionedState,
} from './state/encode-state.js'
export type { MappedFile } from './state/mapped-file.js'
export { type OpenMappedFileOptions, openMappedFile } from './state/open-mapped-file.js'
export { createStateFile, readStateFile } from './state/state-file.js'
export { notifyReadiness } from './supervise/notify-readiness.js'
export {
  type PidFile,
  type PidFileContent,
  type PidFileOptions,
  readPidFile,
  writePidFile,
} from './supervise/pid-file.js'
export { type RunAsInitOptions, runAsInit } from './supervise/run-as-init.js'
export {
  openUdpResponder,
  type UdpRequest,
  UdpResponder,
  type UdpResponderOptions,
} from './udp/open-udp-responder.js'
export { openUdpServer, UdpServer, type UdpServerOptions } from './udp/open-udp-server.js'
export type { UdpPeer } from './udp/route.js'
export type { ReaderState } from './udp/shared-reader.js'
export type { UdpCounters, UdpSessionCounters } from './udp/udp-counters.js'
export type { UdpSocketSource } from './udp/udp-options.js'
export type { UdpCloseReason, UdpSession } from './udp/udp-session.js'
export type { UdpSuccession } from './udp/udp-succession.js'
