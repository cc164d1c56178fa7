// The module's interface (src/lib.rs) for JavaScript: the page's worker, Node, the npm package. Nothing is asked of the
// surroundings: no clock, no file, no request.

/**
 * @typedef {{name: string, bytes: Uint8Array, role?: "evidence"|"collateral"|"gpu-collateral"|"policy"}} File
 * @typedef {{files: File[], asOf?: number, now?: number, select?: string, nonce?: string, reportData?: string}} Given
 *   Times are seconds since 1970: `asOf`, or `now` where the policy may fix another. Nonce and report data are hex.
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
 * @returns the four questions: about, recognise, read, verify. A call that throws anything but a VeriteeError has broken
 *   the module: make another.
 */
export function engine(module) {
  const { memory, abi, question, file, run, answer, answer_length } = new WebAssembly.Instance(module).exports;
  if (abi() !== 1) throw new Error(`the module speaks version ${abi()} of the interface, expected 1`);
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
    verify: ({ files, asOf, now, select, nonce, reportData }) => {
      const words = { ask: "verify", files: named(files), as_of: asOf, now, select, nonce, report_data: reportData };
      const { outcome, exit_code: exitCode, notes } = ask(words, files);
      return { outcome, exitCode, notes, json: part(1), html: part(2), text: part(3), evidence: part(4) };
    },
  };
}
