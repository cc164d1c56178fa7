// The module's interface (src/lib.rs) for JavaScript: the page's worker, Node, the npm package. Nothing is asked of the
// surroundings: no clock, no file, no request.

/**
 * @typedef {{name: string, bytes: Uint8Array, role?: "evidence"|"collateral"|"gpu-collateral"|"policy"}} File
 * @typedef {{files: File[], asOf?: number, now?: number, select?: string, nonce?: string, reportData?: string,
 *   forms?: ("json"|"html"|"text"|"evidence")[], remember?: boolean}} Given
 *   Times are seconds since 1970: `asOf`, or `now` where the policy may fix another. Nonce and report data are hex.
 *   `forms` are the forms of the report that are wanted, all where it is left out; the others are empty then.
 *   `remember: false` forgets enclaves, chains and audits between two questions; no answer changes.
 * @typedef {{outcome: string, exitCode: number, notes: string[], json: string, html: string, text: string,
 *   evidence: string}} Verified
 */

/** Why there is no answer; `code` does not change. */
export class VeriteeError extends Error {
  constructor({ code, message, help }) {
    super(message);
    this.name = "VeriteeError";
    this.code = code;
    this.help = help;
  }
}

/**
 * @param {WebAssembly.Module} module
 * @returns a function for each question (engine.d.ts). A call that throws anything but a VeriteeError has broken
 *   the module: make another.
 */
export function engine(module) {
  const { memory, abi, question, file, run, answer, answer_length } = new WebAssembly.Instance(module).exports;
  if (abi() !== 2) throw new Error(`the module speaks version ${abi()} of the interface, expected 2`);
  const put = (pointer, bytes) => new Uint8Array(memory.buffer).set(bytes, pointer >>> 0);
  const part = (number) => {
    const bytes = new Uint8Array(memory.buffer, answer(number) >>> 0, answer_length(number) >>> 0);
    return new TextDecoder().decode(bytes);
  };
  const ask = (words, files = []) => {
    const bytes = new TextEncoder().encode(JSON.stringify(words));
    put(question(bytes.length), bytes);
    for (const { bytes } of files) put(file(bytes.length), bytes);
    const failed = run();
    const told = JSON.parse(part(0));
    if (failed) throw new VeriteeError(told);
    return told;
  };
  const named = (files) => files.map(({ name, role }) => ({ name, role }));
  return {
    /** @returns {{name: string, version: string, abi: number, input_bytes: number}} */
    about: () => ask({ ask: "about" }),
    /** @param {File[]} files @returns {{role: string, form: string|null}[]} */
    recognise: (files) => ask({ ask: "recognise", files: named(files) }, files),
    /** @param {File[]} files @returns {{format: string, machines: string[], notes: string[]}} */
    read: (files) => ask({ ask: "read", files: named(files) }, files),
    /** @param {Given} given @returns {Verified} */
    verify: ({ files, asOf, now, select, nonce, reportData, forms, remember }) => {
      const words = { ask: "verify", files: named(files), as_of: asOf, now, select, nonce, report_data: reportData, forms, remember };
      const { outcome, exit_code: exitCode, notes } = ask(words, files);
      return { outcome, exitCode, notes, json: part(1), html: part(2), text: part(3), evidence: part(4) };
    },
    /** One quote alone: checks come as JSON where `forms` names no others. @param {Given} given */
    verifyQuote: ({ files, asOf, now, forms, remember }) => {
      const words = { ask: "verify-quote", files: named(files), as_of: asOf, now, forms, remember };
      return { told: ask(words, files), json: part(1) };
    },
    /** A compose that nothing vouches for. @param {Given} given */
    audit: ({ files, asOf, now, forms }) => {
      const { outcome, exit_code: exitCode } = ask({ ask: "audit", files: named(files), as_of: asOf, now, forms }, files);
      return { outcome, exitCode, json: part(1), html: part(2), text: part(3) };
    },
    /** @param {File[]} files */
    replay: (files) => ask({ ask: "replay", files: named(files) }, files),
    /** @param {File[]} files */
    measure: (files) => ask({ ask: "measure", files: named(files) }, files),
    /** @param {File[]} files @returns {string} SHA-256 of exactly these bytes */
    composeHash: (files) => ask({ ask: "compose-hash", files: named(files) }, files).compose_hash,
  };
}
