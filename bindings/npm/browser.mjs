// For browsers, workers, and whatever else has fetch: the module is fetched from beside this file, or given.
import { made } from "./veritee.mjs";

export { VeriteeError } from "./veritee.mjs";

export async function load(module) {
  return made(module ?? new URL("./veritee.wasm", import.meta.url));
}
