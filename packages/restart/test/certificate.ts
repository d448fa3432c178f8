import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

let made: { key: Buffer; cert: Buffer } | undefined

/** A key and a certificate that nobody has signed. */
export function certificate(): { key: Buffer; cert: Buffer } {
  if (made !== undefined) return made
  const folder = mkdtempSync(join(tmpdir(), 'restart-certificate-'))
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    execFileSync('openssl', [...request, '-keyout', key, '-out', cert, '-subj', '/CN=localhost'], {
      stdio: 'ignore',
    })
    made = { key: readFileSync(key), cert: readFileSync(cert) }
    return made
  } finally {
    rmSync(folder, { recursive: true })
  }
}
