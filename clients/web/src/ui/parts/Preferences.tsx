import { useId } from "preact/hooks"
import { language, LANGUAGES, t, type Language } from "../../strings/strings"
import { chooseLanguage, chooseTextSize, textSize } from "../preferences"

/** The language and the size of the text, on every page. */
export function Preferences() {
  const id = useId()
  const choose = (value: string) => {
    const wanted = LANGUAGES.find((each) => each === value)
    if (wanted !== undefined) void chooseLanguage(wanted)
  }
  return (
    <div class="preferences">
      <label class="visually-hidden" for={id}>{t("language")}</label>
      <select id={id} value={language.value} onChange={(event) => choose(event.currentTarget.value)}>
        {LANGUAGES.map((each) => <LanguageOption key={each} each={each} />)}
      </select>
      <TextSizeButton />
    </div>
  )
}

function LanguageOption({ each }: { readonly each: Language }) {
  return <option value={each} lang={each === "en" ? "en" : "fr"}>{t(`language-${each}`)}</option>
}

function TextSizeButton() {
  const large = textSize.value === "large"
  return (
    <button type="button" class="button quiet" aria-pressed={large} onClick={() => chooseTextSize(large ? "normal" : "large")}>
      <span aria-hidden="true">{t("text-size-sign")}</span>
      <span class="visually-hidden">{t("text-size")}</span>
    </button>
  )
}
