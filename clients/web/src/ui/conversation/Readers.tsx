import { useState } from "preact/hooks"
import type { Reader, Thread } from "../../core/model"
import { locale, t } from "../../strings/strings"
import { formatNames } from "../format"
import { LockIcon } from "../icons"
import { Dialog } from "../parts/Dialog"
import { roleName } from "../words"

const readerName = ({ name, me }: Reader): string => (me ? t("name-you", { name }) : name)

/** Always in sight above the messages: who can read them, as the group itself says. */
export function ReadersLine({ thread }: { readonly thread: Thread }) {
  const [open, setOpen] = useState(false)
  const { readers } = thread
  if (readers.length === 0) return <p class="readers-line"><LockIcon /><span>{t("readers-none")}</span></p>
  return (
    <>
      <button type="button" class="readers-line" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        <LockIcon />
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
        {thread.readers.map((reader) => (
          <li key={reader.person}>
            <strong>{readerName(reader)}</strong>
            <span class="soft">{roleName(reader.role)}, {t("devices", { count: reader.devices })}</span>
            {!reader.me && <span class="tag">{t("identity-not-compared")}</span>}
          </li>
        ))}
      </ul>
      {waiting.length > 0 && <p>{t("readers-not-yet", { names: formatNames(waiting.map(({ name }) => name), locale.value) })}</p>}
      <p class="soft">{t("identity-explained")}</p>
      <h3>{t("server-cannot-title")}</h3>
      <p>{t("server-cannot")}</p>
      <h3>{t("server-can-title")}</h3>
      <p>{t("server-can")}</p>
    </div>
  )
}
