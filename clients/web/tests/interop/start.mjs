/** Starts `peer.ts`, for tests/interop of the Python core. */
import { fileURLToPath } from "node:url"
import { bundled } from "../bundled.mjs"

const { answer } = await bundled(fileURLToPath(new URL("peer.ts", import.meta.url)))
await answer(process.stdin, process.stdout)
