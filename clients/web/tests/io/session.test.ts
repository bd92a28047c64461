import { afterEach, describe, expect, test, vi } from "vitest"
import { NoAnswer, closeSession, loadSession, openSession, tamperWith } from "../../src/io/session"

const CLAIRE = {
  slug: "claire", name: "Claire Morel", role: "pharmacist", about: "Titulaire", pharmacy: "Pharmacie du Marché", origin: "http://claire.localhost:8080",
}

function answering(status: number, body: unknown): ReturnType<typeof vi.fn> {
  const fetched = vi.fn(() => Promise.resolve(new Response(status === 204 ? null : JSON.stringify(body), { status })))
  vi.stubGlobal("fetch", fetched)
  return fetched
}

afterEach(() => { vi.unstubAllGlobals() })

describe("the session", () => {
  test("tells who lives at this address", async () => {
    answering(200, { demo: true, personas: [], persona: CLAIRE, signed_in: false, expired: false })

    expect(await loadSession()).toMatchObject({ persona: CLAIRE, signed_in: false })
  })

  test.each([[200, { demo: "yes" }], [200, "nonsense"], [503, {}]])("an answer of %i with %j is no answer", async (status, body) => {
    answering(status, body)

    await expect(loadSession()).rejects.toThrow(NoAnswer)
  })

  test("a server that is not there is no answer, and an act on it is offline", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("network")))

    await expect(loadSession()).rejects.toThrow(NoAnswer)
    expect(await openSession()).toEqual({ ok: false, trouble: { code: "C_OFFLINE", text: "" } })
  })

  test("is opened by POST and closed by DELETE, on this origin only", async () => {
    const fetched = answering(204, null)

    expect(await openSession()).toEqual({ ok: true })
    expect(await closeSession()).toEqual({ ok: true })
    for (const method of ["POST", "DELETE"]) {
      expect(fetched).toHaveBeenCalledWith("/api/session", expect.objectContaining({ method, credentials: "same-origin" }))
    }
  })

  test("a refusal comes with its code and sentence, or says that it made no sense", async () => {
    answering(403, { code: "E_ROLE", title: "Refusé", detail: "Votre rôle ne permet pas cet acte." })
    expect(await tamperWith("c")).toEqual({ ok: false, trouble: { code: "E_ROLE", text: "Votre rôle ne permet pas cet acte." } })

    answering(500, ["?"])
    expect(await tamperWith("c")).toEqual({ ok: false, trouble: { code: "C_SERVER", text: "" } })
  })
})
