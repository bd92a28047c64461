import { useState } from "preact/hooks"
import type { Member, Reader, Thread } from "../../core/model"
import { locale, t } from "../../strings/strings"
import { formatNames } from "../format"
import { BrokenIcon, LockIcon } from "../icons"
import { Dialog } from "../parts/Dialog"
import { Notice } from "../parts/Notice"
import { roleName } from "../words"
import { NotCompared } from "./Compared"

/** A device of somebody whom the server does not list is shown, never hidden. */
const unlisted = ({ name, role }: Reader): boolean => name === "" || role === "unknown"

function readerName(reader: Reader): string {
  if (unlisted(reader)) return t("role-unknown")
  return reader.me ? t("name-you", { name: reader.name }) : reader.name
}

/** Always in sight above the messages: who can read them, as the group itself says. */
export function ReadersLine({ thread }: { readonly thread: Thread }) {
  const [open, setOpen] = useState(false)
  const { readers } = thread
  if (readers.length === 0) return <p class="readers-line"><LockIcon /><span>{t("readers-none")}</span></p>
  return (
    <>
      <button type="button" class={`readers-line ${readers.some(unlisted) ? "readers-unlisted" : ""}`} aria-haspopup="dialog" onClick={() => setOpen(true)}>
        {readers.some(unlisted) ? <BrokenIcon /> : <LockIcon />}
        <span><strong>{t("readers-only")}</strong> {formatNames(readers.map(readerName), locale.value)}</span>
      </button>
      {open && <Dialog title={t("readers-title")} onClose={() => setOpen(false)}><ReaderList thread={thread} /></Dialog>}
    </>
  )
}

function ReaderList({ thread }: { readonly thread: Thread }) {
  const waiting = thread.conversation.members.filter(({ state }) => state === "invited")
  return (
    <div class="reader-list">
      <p>{t("readers-source")}</p>
      <ul class="people">
        {thread.readers.map((reader) => <ReaderItem key={reader.person} reader={reader} member={thread.conversation.members.find(({ person }) => person === reader.person)} />)}
      </ul>
      {thread.readers.some(unlisted) && <Notice icon={BrokenIcon} tone="bad"><p>{t("readers-unlisted")}</p></Notice>}
      {waiting.length > 0 && <p>{t("readers-not-yet", { names: formatNames(waiting.map(({ name }) => name), locale.value) })}</p>}
      <p class="soft">{t("identity-explained")}</p>
      <h3>{t("server-cannot-title")}</h3>
      <p>{t("server-cannot")}</p>
      <h3>{t("server-can-title")}</h3>
      <p>{t("server-can")}</p>
    </div>
  )
}

function ReaderItem({ reader, member }: { readonly reader: Reader; readonly member: Member | undefined }) {
  const devices = t("devices", { count: reader.devices })
  return (
    <li>
      <strong>{readerName(reader)}</strong>
      <span class="soft">{unlisted(reader) ? devices : `${roleName(reader.role)}, ${devices}`}</span>
      {!reader.me && (member === undefined ? <span class="tag">{t("identity-not-compared")}</span> : <NotCompared member={member} />)}
    </li>
  )
}
