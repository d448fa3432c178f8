import type { NetnsChild } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll } from 'vitest'
import type { DoctorOptions, Finding } from '../src/index.js'
import { createReservationLab, type ReservationLab } from './reservation-lab.js'

export const cases = new URL('./cases/doctor.mjs', import.meta.url)

/** The reservation lab, with two more processes of its host: the one that is examined, and one that is in the way. */
export interface DoctorLab extends ReservationLab {
  patient: NetnsChild
  other: NetnsChild
}

/** Made before the tests of the file that calls this, restored after each of them, closed after the last. */
export function useDoctorLab(): DoctorLab {
  const room = {} as DoctorLab
  beforeAll(async () => {
    Object.assign(room, await createReservationLab())
    room.patient = await room.lab.enter('host', cases)
    room.other = await room.lab.enter('host', cases)
  })
  afterEach(async () => {
    await Promise.all([room.patient.call('reset'), room.other.call('reset')])
    await room.reset()
    // After the range of ports has left those below 1024.
    await Promise.all([
      setSysctl(room, 'net.ipv4.ip_unprivileged_port_start', '1024'),
      setSysctl(room, 'net.ipv4.tcp_fastopen_blackhole_timeout_sec', '0'),
      setSysctl(room, 'net.ipv4.tcp_early_demux', '1'),
    ])
  })
  afterAll(() => room.lab?.close())
  return room
}

export function setSysctl({ lab }: ReservationLab, name: string, value: string): Promise<string> {
  // Without the line feed nothing is written that empties a list.
  return lab.sysctl('host', name, `${value}\n`)
}

/** One finding of the doctor, by the name of its check. */
export async function finding(child: NetnsChild, check: string, options: DoctorOptions): Promise<Finding> {
  const findings = await child.call<Finding[]>('doctor', options)
  const found = findings.find((item) => item.check === check)
  if (found === undefined) throw new Error(`no finding ${check}`)
  return found
}

/** The checks that are not ok. */
export async function wrong(child: NetnsChild, options: DoctorOptions): Promise<string[]> {
  const findings = await child.call<Finding[]>('doctor', options)
  return findings.filter(({ ok }) => !ok).map(({ check }) => check)
}

/** As somebody would who pastes it into a shell of this namespace. */
export async function follow({ lab }: ReservationLab, { fix }: Finding): Promise<void> {
  if (fix === undefined) throw new Error('nothing to follow')
  await lab.exec('host', 'sh', ['-ec', fix])
}

export const ports = { first: 9000, last: 9099 }
export const local = { address: '192.0.2.1', ports }
export const toFar = { remoteAddress: '198.51.100.7', remotePort: 443 }
