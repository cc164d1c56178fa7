// For Node: the module lies beside this file.
import { readFile } from "node:fs/promises";
import { made } from "./veritee.mjs";

export { VeriteeError } from "./veritee.mjs";

export async function load(module) {
  return made(module ?? (await readFile(new URL("./veritee.wasm", import.meta.url))));
}
