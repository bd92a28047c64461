/** As they are read aloud: groups, which a screen reader says one digit after the other. */
export const grouped = (digits: string, size: number): readonly string[] => digits.match(new RegExp(`.{1,${size}}`, "g")) ?? []

export function Digits({ digits, size = 5 }: { readonly digits: string; readonly size?: number }) {
  return <p class="digits">{grouped(digits, size).map((group, at) => <span key={at}>{group} </span>)}</p>
}
