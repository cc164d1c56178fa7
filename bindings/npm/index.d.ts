// Types of the package `veritee`.

export type Outcome = "verified" | "not-genuine" | "refused" | "findings" | "incomplete";
export type Form = "json" | "html" | "text" | "evidence";

/** Bytes, or text that is taken as UTF-8. A path is not read. */
export type Document = Uint8Array | ArrayBuffer | string;
/** A document by the name that reports know it by. */
export interface Named {
  name: string;
  bytes: Document;
}
export type Documents = Document | Named | readonly (Document | Named)[];

export interface Rules {
  /** The time of the verdict: a Date, or whole seconds since 1970. There is no default. */
  asOf: Date | number;
  /** A policy file; the built-in policy where there is none. */
  policy?: Document | Named;
  /** Collateral of the judging side: a set, or Intel's answers by themselves. */
  collateral?: Documents;
  /** `false` forgets enclaves, chains and audits between two calls. No answer changes. */
  remember?: boolean;
}

export interface VerifyOptions extends Rules {
  /** NVIDIA's manifests, OCSP answers and lists. */
  gpuCollateral?: Documents;
  /** Which machine of several, by its label. */
  select?: string;
  /** 16 to 64 bytes that REPORTDATA must carry. */
  nonce?: Uint8Array | ArrayBuffer;
  /** Exactly these 64 bytes. Not beside a nonce. */
  reportData?: Uint8Array | ArrayBuffer;
  /** Forms beside `json`, which is always there. */
  forms?: readonly Form[];
}

export interface Report {
  /** Every required check passed. Look at this, or at `exitCode`: an object is always true in an `if`. */
  readonly verified: boolean;
  readonly outcome: Outcome;
  /** As the program ends: 0, 10, 11, 12 or 13. */
  readonly exitCode: number;
  /** About how the files were read; they change nothing in the report. */
  readonly notes: string[];
  /** Byte for byte as `veritee verify --format json` writes it. */
  readonly json: string;
  readonly html: string | undefined;
  readonly text: string | undefined;
  /** The evidence with its collateral, as `--save-evidence` writes it. */
  readonly evidence: string | undefined;
  /** `json`, parsed at each use. */
  readonly report: Record<string, any>;
}

/** What is said of one quote. What runs in the machine is not looked at. */
export interface QuoteVerdict {
  readonly verified: boolean;
  readonly outcome: Outcome;
  readonly exitCode: number;
  readonly reasons: string[];
  /** Signed by a machine of Intel's, whatever its state. */
  readonly genuine: boolean;
  readonly tcbStatus: string | null;
  /** Of the oldest TCB level that matched, RFC 3339. */
  readonly tcbDate: string | null;
  /** Empty where none applies; null where the quote is not shown to be genuine. */
  readonly advisories: string[] | null;
  readonly fmspc: string | null;
  readonly mrtd: string | null;
  readonly rtmrs: [string, string, string, string] | null;
  readonly reportData: string | null;
  readonly signedSha256: string | null;
  /** What of the collateral was passed over. */
  readonly notes: string[];
  /** With `checks: true`. */
  readonly checks: Record<string, any>[] | undefined;
}

/** There is no verdict, and why. A verdict of no is a value. */
export declare class VeriteeError extends Error {
  /** Does not change from version to version. */
  readonly code: string;
  /** What to do about it. */
  readonly help: string;
}

export interface Veritee {
  readonly version: string;
  /** One machine, both engines, as `veritee verify --offline`. Collateral is verified once while the rules stay the same. */
  verify(evidence: Documents, options: VerifyOptions): Report;
  /** One quote alone, as `veritee quote verify`. */
  verifyQuote(quote: Document | Named, options: Rules & { checks?: boolean }): QuoteVerdict;
  /** A compose that nothing vouches for: the report. */
  audit(compose: Document | Named, options: Pick<Rules, "asOf" | "policy">): Record<string, any>;
  /** The registers of a log. Nothing is verified by it. */
  replay(log: Document | Named): Record<string, any>;
  /** The registers that a machine of this vm_config must have. Nothing is verified by it. */
  measure(vmConfig: Document | Named): Record<string, any>;
  /** SHA-256 of exactly these bytes. */
  composeHash(appCompose: Document | Named): string;
  /** The labels of the machines of an evidence. */
  machines(evidence: Documents): string[];
}

/**
 * Compiles the module: the package's own, or the one given. In Node it is read from beside the package's files; elsewhere it
 * is fetched from there, or from a URL or Response that is given.
 */
export declare function load(module?: WebAssembly.Module | ArrayBuffer | Uint8Array | Response | Promise<Response> | URL | string): Promise<Veritee>;
