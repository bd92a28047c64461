/** Two windows, one lock between them: what the first click shows. A picture only, nothing to read. */
export function SideBySide() {
  return (
    <svg class="side-by-side" viewBox="0 0 400 300" aria-hidden="true" focusable="false">
      <rect class="pane" x="6" y="34" width="212" height="216" rx="14" />
      <path class="rule" d="M6 70H218" />
      <path class="cross" d="M22 46h6v-6h6v6h6v6h-6v6h-6v-6h-6z" />
      <rect class="theirs" x="22" y="86" width="112" height="34" rx="10" />
      <rect class="mine" x="86" y="130" width="116" height="50" rx="10" />
      <path class="words" d="M34 99h84M34 109h56" />
      <path class="words on-mine" d="M98 145h88M98 156h72M98 167h40" />
      <rect class="field" x="22" y="208" width="180" height="26" rx="8" />
      <rect class="pane" x="250" y="70" width="140" height="216" rx="20" />
      <path class="rule" d="M250 108H390" />
      <rect class="call" x="266" y="82" width="108" height="14" rx="7" />
      <rect class="mine" x="290" y="122" width="86" height="30" rx="10" />
      <rect class="theirs" x="264" y="162" width="96" height="50" rx="10" />
      <path class="words on-mine" d="M302 134h60M302 143h34" />
      <path class="words" d="M276 177h70M276 188h58M276 199h30" />
      <rect class="field" x="264" y="244" width="112" height="26" rx="8" />
      <circle class="seal" cx="234" cy="156" r="27" />
      <path class="lock" d="M225 154v-5a9 9 0 0 1 18 0v5M222 154h24v16h-24z" />
    </svg>
  )
}
