// Arguments as people write them, to bytes and seconds; what could be meant in two ways is refused. The rest is the
// module's (engine.mjs).
import { VeriteeError, engine } from "./engine.mjs";

export { VeriteeError };

/** The last second of the year 9999: whatever is above was given in milliseconds. */
const LATEST = 253_402_300_799;

const kind = (value) => (value === null ? "null" : Array.isArray(value) ? "an array" : (value?.constructor?.name ?? typeof value));

function seconds(asOf) {
  if (asOf instanceof Date) {
    if (Number.isNaN(asOf.getTime())) throw new RangeError("asOf: the Date is invalid");
    // A fraction of a second is left out: it has not passed yet.
    asOf = Math.floor(asOf.getTime() / 1000);
  } else if (typeof asOf !== "number") {
    throw new TypeError(`asOf: expected a Date, or seconds since 1970 as a number, got ${kind(asOf)}`);
  }
  if (!Number.isInteger(asOf) || asOf < 0 || asOf > LATEST) {
    throw new RangeError(`asOf: expected whole seconds from 1970 to 9999, got ${asOf} (milliseconds?)`);
  }
  return asOf;
}

const isBytes = (value) => value instanceof Uint8Array || value instanceof ArrayBuffer;

/** Exactly the bytes of a value that has bytes and no other meaning. */
function data(value, what) {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`${what}: expected Uint8Array or ArrayBuffer, got ${kind(value)}`);
}

function document(value, what) {
  if (typeof value === "string") {
    // Half of a pair has no bytes; an encoder would write another character in its place.
    if (/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(value)) {
      throw new RangeError(`${what}: a character of the text is half of a pair and has no bytes`);
    }
    return new TextEncoder().encode(value);
  }
  if (!isBytes(value)) throw new TypeError(`${what}: expected Uint8Array, ArrayBuffer or string, got ${kind(value)}`);
  return data(value, what);
}

/** One document, a list of them, or `{name, bytes}` with the name that reports know it by. */
function files(value, role) {
  if (value === undefined) return [];
  const one = (each, name) => {
    if (each !== null && typeof each === "object" && !isBytes(each) && typeof each.name === "string") {
      return { name: each.name, bytes: document(each.bytes, each.name), role };
    }
    return { name, bytes: document(each, name), role };
  };
  return Array.isArray(value) ? value.map((each, number) => one(each, `${role}-${number}`)) : [one(value, role)];
}

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

function exactly(options, known, call) {
  if (options === null || typeof options !== "object") throw new TypeError(`${call}: expected options with asOf, got ${kind(options)}`);
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new TypeError(`${call}: there is no option \`${name}\``);
  }
}

const RULES = ["asOf", "policy", "collateral", "gpuCollateral", "remember"];

function sides({ policy, collateral, gpuCollateral }) {
  const rules = files(policy, "policy").map((file) => (file.name === "policy" ? { ...file, name: "policy.toml" } : file));
  return [...files(collateral, "collateral"), ...files(gpuCollateral, "gpu-collateral"), ...rules];
}

const FORMS = ["json", "html", "text", "evidence"];

/** @param {WebAssembly.Module|ArrayBuffer|Uint8Array|Response|Promise<Response>|URL|string} source */
async function compiled(source) {
  let found = await source;
  if (typeof found === "string" || found instanceof URL) found = await fetch(found);
  if (typeof Response === "function" && found instanceof Response) {
    if (!found.ok) throw new Error(`the module: ${found.url} answered ${found.status}`);
    // Not by streaming: that asks a server for a media type that many do not send.
    found = await found.arrayBuffer();
  }
  return found instanceof WebAssembly.Module ? found : WebAssembly.compile(found);
}

export async function made(source) {
  const module = await compiled(source);
  let instance = engine(module);
  const ask = (call) => {
    try {
      return call(instance);
    } catch (error) {
      // Whatever else is thrown has broken the module's memory: the next question gets a new one.
      if (!(error instanceof VeriteeError)) instance = engine(module);
      throw error;
    }
  };
  const about = ask((it) => it.about());

  function verify(evidence, options) {
    exactly(options, [...RULES, "select", "nonce", "reportData", "forms"], "verify");
    const { select, nonce, reportData, forms = ["json"], remember } = options;
    for (const form of forms) if (!FORMS.includes(form)) throw new RangeError(`forms: there is no form \`${form}\``);
    const told = ask((it) =>
      it.verify({
        files: [...files(evidence, "evidence"), ...sides(options)],
        asOf: seconds(options.asOf),
        select,
        nonce: nonce === undefined ? undefined : hex(data(nonce, "nonce")),
        reportData: reportData === undefined ? undefined : hex(data(reportData, "reportData")),
        forms: forms.includes("json") ? forms : ["json", ...forms],
        remember,
      }),
    );
    const answer = { verified: told.exitCode === 0, outcome: told.outcome, exitCode: told.exitCode, notes: told.notes };
    for (const form of FORMS) answer[form] = told[form] === "" ? undefined : told[form];
    // Programs ask for few of its members: it is parsed when somebody does.
    Object.defineProperty(answer, "report", { get: () => JSON.parse(told.json) });
    return answer;
  }

  function verifyQuote(quote, options) {
    exactly(options, ["asOf", "policy", "collateral", "remember", "checks"], "verifyQuote");
    const given = {
      files: [...files(quote, "evidence"), ...sides(options)],
      asOf: seconds(options.asOf),
      forms: options.checks ? ["json"] : [],
      remember: options.remember,
    };
    const { told, json } = ask((it) => it.verifyQuote(given));
    const checks = json === "" ? undefined : JSON.parse(json).checks;
    return {
      verified: told.exit_code === 0,
      outcome: told.outcome,
      exitCode: told.exit_code,
      reasons: told.reasons,
      genuine: told.genuine,
      tcbStatus: told.tcb_status,
      tcbDate: told.tcb_date,
      advisories: told.advisories,
      fmspc: told.fmspc,
      mrtd: told.mrtd,
      rtmrs: told.rtmrs,
      reportData: told.report_data,
      signedSha256: told.signed_sha256,
      notes: told.notes,
      checks,
    };
  }

  function audit(compose, options) {
    exactly(options, ["asOf", "policy"], "audit");
    const given = { files: [...files(compose, "evidence"), ...sides(options)], asOf: seconds(options.asOf), forms: ["json"] };
    return JSON.parse(ask((it) => it.audit(given)).json);
  }

  return {
    version: about.version,
    verify,
    verifyQuote,
    audit,
    replay: (log) => ask((it) => it.replay(files(log, "evidence"))),
    measure: (vmConfig) => ask((it) => it.measure(files(vmConfig, "evidence"))),
    composeHash: (appCompose) => ask((it) => it.composeHash(files(appCompose, "evidence"))),
    machines: (evidence) => ask((it) => it.read(files(evidence, "evidence"))).machines,
  };
}
