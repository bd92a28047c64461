import type { ComponentChildren } from "preact"
import type { Tile } from "../../core/model"
import { locale, t } from "../../strings/strings"
import { formatNames, initials } from "../format"
import { OfflineIcon } from "../icons"
import { roleName } from "../words"
import { CameraOffIcon, LineIcon, MicrophoneOffIcon } from "./icons"
import { Picture } from "./Picture"
import { tileWords } from "./states"

export function callTitle(tiles: readonly Tile[]): string {
  if (tiles.length === 0) return t("call")
  return t("call-with", { count: tiles.length, names: formatNames(tiles.map(({ name }) => name), locale.value) })
}

/** The others: large, named by the engine, and what is missing said in words. */
export function Tiles({ tiles, last }: { readonly tiles: readonly Tile[]; readonly last: ComponentChildren }) {
  return (
    <ul class={`tiles tiles-${tiles.length}`}>
      {tiles.map((tile) => <li key={tile.person}><Person tile={tile} /></li>)}
      {last !== false && <li key="me">{last}</li>}
    </ul>
  )
}

function Person({ tile }: { readonly tile: Tile }) {
  const { person, name, role, stream, link, camera, microphone } = tile
  const words = tileWords(tile)
  const seen = camera && link !== "audio_only" && stream !== null
  return (
    <figure class={`tile tile-${link.replace("_", "-")}`}>
      <div class="tile-picture">
        {seen && <Picture stream={stream} person={person} label={t("call-picture", { name })} />}
        {!seen && <span class="avatar huge" aria-hidden="true">{initials(name)}</span>}
        {link === "reconnecting" && <p class="tile-over"><OfflineIcon />{t("call-link-reconnecting")}</p>}
      </div>
      <figcaption>
        <span><strong>{name}</strong> <span class="soft">{roleName(role)}</span></span>
        {words !== null && <span class={link === "connected" ? "tile-word tile-quality" : "tile-word"}><LineIcon />{t(words)}</span>}
        {!microphone && <span class="tile-word"><MicrophoneOffIcon />{t("call-microphone-off")}</span>}
        {!camera && <span class="tile-word"><CameraOffIcon />{t("call-camera-off")}</span>}
      </figcaption>
    </figure>
  )
}
