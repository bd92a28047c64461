/** Who is who, as the hub keeps it: certificates of the authority, the owner's word for the staff, and their place in the log. */
import { sha256 } from "@noble/hashes/sha2.js"
import { ed25519 } from "@noble/curves/ed25519.js"
import { encodeHex, equal } from "../../src/core/bytes"
import type { Credential } from "../../src/core/mls/credential"
import { cosign, encodeCoSigned, type Signature } from "../../src/core/policy/cosigned"
import { credentialOf } from "../../src/core/policy/identity"
import {
  ACCOUNT_REVOCATION, DEVICE_CERTIFICATE, ENROLMENT, IDENTITY_CERTIFICATE, STAFF_CERTIFICATE, UnverifiedStatement, signStatement,
  type AccountRevocation, type IdentityCertificate, type Statement,
} from "../../src/core/policy/statements"
import { isStaff } from "../../src/core/policy/vocabulary"
import { uuidBytes, uuidText } from "../../src/core/uuid"
import type { Receipt } from "../../src/core/wire"
import type { IdentityView } from "../../src/core/wireCare"
import { aikOf, seedOf, type Person } from "./aPerson"

export const NOTHING = new Uint8Array()
export const PHARMACY = "990000001"
/** Of certificates, around the time of the tests. */
export const PERIOD = { notBeforeUs: 1_500_000_000_000_000, notAfterUs: 4_000_000_000_000_000 }

interface Enrolled {
  readonly certificate: Uint8Array
  readonly aik: Uint8Array
  readonly receipt: Receipt
}

export class FakeRegistry {
  readonly #secret = ed25519.utils.randomSecretKey()
  readonly enrolled = new Map<string, Enrolled>()
  readonly staff = new Map<string, Uint8Array>()
  readonly revoked = new Map<string, Uint8Array>()
  /** DeviceCertificates, by device. */
  readonly devices = new Map<string, Uint8Array>()
  readonly recovery = new Map<string, Uint8Array>()
  /** Staff get the owner's word as they come; else they wait for it. */
  vouches = true

  constructor(readonly deployment: string, readonly people: readonly Person[], private readonly log: (person: Person, outcome: Record<string, unknown>) => Receipt) {}

  get authority(): Uint8Array {
    return ed25519.getPublicKey(this.#secret)
  }

  get owner(): Person | undefined {
    return this.people.find((one) => one.profession === "owner")
  }

  /** The last signature under the revocation of an account key. */
  countersign(content: AccountRevocation): Signature {
    return cosign(ACCOUNT_REVOCATION, content, this.#secret, { signer: NOTHING, staff: NOTHING })
  }

  /** What the authority signs: of anybody, with any key. */
  certificate(person: Person, aik: Uint8Array = aikOf(person), bend: Partial<IdentityCertificate> = {}): Uint8Array {
    return signStatement(IDENTITY_CERTIFICATE, {
      deployment: this.deployment, conversation: NOTHING, person: uuidBytes(person.person), role: person.role, profession: person.profession ?? "", aik,
      ...PERIOD, ...bend,
    }, this.#secret)
  }

  enrol(person: Person, aik: Uint8Array = aikOf(person)): Enrolled {
    const known = this.enrolled.get(person.person)
    if (known !== undefined && equal(known.aik, aik)) return known
    const certificate = this.certificate(person, aik)
    const receipt = this.log(person, { certificate: encodeHex(sha256(certificate)) })
    const made = { certificate, aik, receipt }
    this.enrolled.set(person.person, made)
    if (isStaff(person.role) && person.profession !== "owner" && this.vouches) this.staff.set(person.person, this.word(person, aik))
    return made
  }

  /** Two pharmacists and the authority gave somebody's account key up; the person has another one by now. */
  replace(person: Person, aik: Uint8Array, atUs: number, eyes: readonly Person[]): void {
    const said = {
      deployment: this.deployment, conversation: NOTHING, person: uuidBytes(person.person), aik: this.enrol(person).aik, reason: "lost", atUs,
    }
    const signatures = eyes.map((one) => this.signatureOf(ACCOUNT_REVOCATION, said, one))
    const authority = cosign(ACCOUNT_REVOCATION, said, this.#secret, { signer: NOTHING, staff: NOTHING })
    this.revoked.set(person.person, encodeCoSigned({ statement: ACCOUNT_REVOCATION.codec.encode(said), signatures: [...signatures, authority] }))
    this.enrol(person, aik)
  }

  /** One of the staff's, under what several sign. */
  signatureOf<T>(kind: Statement<T>, said: T, who: Person): Signature {
    return cosign(kind, said, seedOf(who), { signer: uuidBytes(who.person), staff: this.staff.get(who.person) ?? NOTHING })
  }

  /** By the enrolment that a device sent: null where the person has another key already. */
  enrolledBy(person: Person, statement: Uint8Array): Enrolled | null {
    const { aik } = UnverifiedStatement.decode(ENROLMENT, statement).content
    const known = this.enrolled.get(person.person)
    return known !== undefined && !equal(known.aik, aik) ? null : this.enrol(person, aik)
  }

  /** The owner's word that somebody is of the staff; `by` another key: not the owner's. */
  word(person: Person, aik: Uint8Array = aikOf(person), by: Uint8Array | null = null): Uint8Array {
    return signStatement(STAFF_CERTIFICATE, {
      deployment: this.deployment, conversation: NOTHING, person: uuidBytes(person.person), aik, role: person.role, pharmacy: PHARMACY, ...PERIOD,
    }, by ?? seedOf(this.owner ?? person))
  }

  deviceCertificate(person: Person, device: string, signatureKey: Uint8Array, seed: Uint8Array = seedOf(person)): Uint8Array {
    return signStatement(DEVICE_CERTIFICATE, {
      deployment: this.deployment, conversation: NOTHING, person: uuidBytes(person.person), device: uuidBytes(device), signatureKey, ...PERIOD,
    }, seed)
  }

  /** A leaf's whole credential, in the log like everybody's. */
  credential(person: Person, device: string, signatureKey: Uint8Array): Credential {
    const { certificate } = this.enrol(person)
    const device_certificate = this.deviceCertificate(person, device, signatureKey)
    return credentialOf({ identity: certificate, device: device_certificate, staff: this.staff.get(person.person) ?? NOTHING })
  }

  certify(certificate: Uint8Array): string {
    const device = uuidText(UnverifiedStatement.decode(DEVICE_CERTIFICATE, certificate).content.device)
    this.devices.set(device, certificate)
    return device
  }

  views(persons: readonly string[]): readonly IdentityView[] {
    return persons.flatMap((person) => {
      const who = this.people.find((one) => one.person === person)
      const known = this.enrolled.get(person)
      if (who === undefined || known === undefined) return []
      return [{
        person, name: who.name, role: who.role, certificate: known.certificate, receipt: known.receipt, staff: this.staff.get(person) ?? NOTHING,
        revoked: this.revoked.get(person) ?? NOTHING,
      }]
    })
  }
}
