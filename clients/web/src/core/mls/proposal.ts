/** Proposals (RFC 9420, 12.1). Nothing says how long an unknown one is: it is malformed. */
import { BYTES, U16, U32, select, struct } from "./codec"
import { EXTENSIONS, type Extension } from "./extensions"
import { KEY_PACKAGE, type KeyPackage } from "./keyPackage"
import { LEAF_NODE, type LeafNode } from "./leafNode"
import { PRE_SHARED_KEY_ID, type PreSharedKeyId } from "./psk"

export interface Add { readonly keyPackage: KeyPackage }
export interface Update { readonly leafNode: LeafNode }
export interface Remove { readonly removed: number }
export interface PreSharedKey { readonly psk: PreSharedKeyId }
export interface ReInit {
  readonly groupId: Uint8Array
  readonly version: number
  readonly suite: number
  readonly extensions: readonly Extension[]
}
export interface ExternalInit { readonly kemOutput: Uint8Array }
export interface GroupContextExtensions { readonly extensions: readonly Extension[] }

export type Proposal =
  | ({ readonly kind: "add" } & Add)
  | ({ readonly kind: "update" } & Update)
  | ({ readonly kind: "remove" } & Remove)
  | ({ readonly kind: "psk" } & PreSharedKey)
  | ({ readonly kind: "reinit" } & ReInit)
  | ({ readonly kind: "external_init" } & ExternalInit)
  | ({ readonly kind: "group_context_extensions" } & GroupContextExtensions)

export type ProposalKind = Proposal["kind"]

export const ADD = struct<Add>({ keyPackage: KEY_PACKAGE })
export const UPDATE = struct<Update>({ leafNode: LEAF_NODE })
export const REMOVE = struct<Remove>({ removed: U32 })
export const PRE_SHARED_KEY = struct<PreSharedKey>({ psk: PRE_SHARED_KEY_ID })
export const REINIT = struct<ReInit>({ groupId: BYTES, version: U16, suite: U16, extensions: EXTENSIONS })
export const EXTERNAL_INIT = struct<ExternalInit>({ kemOutput: BYTES })
export const GROUP_CONTEXT_EXTENSIONS = struct<GroupContextExtensions>({ extensions: EXTENSIONS })

export const PROPOSAL = select<Proposal>(U16, {
  add: [1, ADD],
  update: [2, UPDATE],
  remove: [3, REMOVE],
  psk: [4, PRE_SHARED_KEY],
  reinit: [5, REINIT],
  external_init: [6, EXTERNAL_INIT],
  group_context_extensions: [7, GROUP_CONTEXT_EXTENSIONS],
})

const LAST_DEFAULT = 7

/** What everybody supports without saying so (RFC 9420, 7.2). */
export function isDefaultProposal(type: number): boolean {
  return type >= 1 && type <= LAST_DEFAULT
}

/** RFC 9420, 17.4: which kinds need an UpdatePath in the commit that carries them. */
export function needsPath(kind: ProposalKind): boolean {
  return kind === "update" || kind === "remove" || kind === "external_init" || kind === "group_context_extensions"
}
