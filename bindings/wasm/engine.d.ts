// Types of engine.mjs.

export type Role = "evidence" | "collateral" | "gpu-collateral" | "policy";
export type Outcome = "verified" | "not-genuine" | "refused" | "findings" | "incomplete";

export interface File {
  /** The name that reports know it by. */
  name: string;
  bytes: Uint8Array;
  /** Evidence where there is none. */
  role?: Role;
}

/** Seconds since 1970: `asOf`, or `now` where the policy may fix another time. There is no default: one must be there. */
export type Time = { asOf: number; now?: undefined } | { now: number; asOf?: undefined };

export type Given = Time & {
  files: File[];
  /** Which machine of several, by its label. */
  select?: string;
  /** 16 to 64 bytes in hex that REPORTDATA must carry. */
  nonce?: string;
  /** Exactly these 64 bytes in hex. Not beside a nonce. */
  reportData?: string;
  /** The forms that are wanted, all where it is left out. The others are empty. */
  forms?: Form[];
  /** `false` forgets enclaves, chains and audits between two questions. No answer changes. */
  remember?: boolean;
};

/** `evidence`: with its collateral, as `--save-evidence` writes it. */
export type Form = "json" | "html" | "text" | "evidence";

/** One quote or one document, with collateral and policy where the question has them. */
export type GivenAlone = Time & { files: File[]; forms?: Form[]; remember?: boolean };

/** What is said of one quote. What runs in the machine is not looked at. */
export interface QuoteTold {
  outcome: Outcome;
  exit_code: number;
  reasons: string[];
  /** Signed by a machine of Intel's, whatever its state. */
  genuine: boolean;
  tcb_status: string | null;
  /** The oldest TCB level that matched, as text. */
  tcb_date: string | null;
  advisories: string[];
  fmspc: string | null;
  mrtd: string | null;
  rtmrs: [string, string, string, string] | null;
  report_data: string | null;
  signed_sha256: string | null;
  /** What of the collateral was passed over. */
  notes: string[];
}

export interface Verified {
  outcome: Outcome;
  /** As the program ends: 0, 10, 11, 12 or 13. */
  exitCode: number;
  /** About how the files were read; they change nothing in the report. */
  notes: string[];
  /** The report, byte for byte as `veritee verify --format json` writes it. */
  json: string;
  /** The same as `--format html`. */
  html: string;
  /** The same as text. */
  text: string;
  /** The evidence with its collateral, as `--save-evidence` writes it. */
  evidence: string;
}

export declare class VeriteeError extends Error {
  /** Does not change from version to version. */
  readonly code: string;
  /** What to do about it. */
  readonly help: string;
}

export interface Engine {
  about(): { name: string; version: string; abi: number; input_bytes: number };
  recognise(files: File[]): { role: Role; form: string | null }[];
  read(files: File[]): { format: string; machines: string[]; notes: string[] };
  verify(given: Given): Verified;
  /** `json` is `{"verdict", "checks", "notices"}`. */
  verifyQuote(given: GivenAlone): { told: QuoteTold; json: string };
  audit(given: GivenAlone): { outcome: Outcome; exitCode: number; json: string; html: string; text: string };
  replay(files: File[]): Record<string, unknown>;
  measure(files: File[]): Record<string, unknown>;
  composeHash(files: File[]): string;
}

/** A call that throws anything but a {@link VeriteeError} has broken the module: make another. */
export declare function engine(module: WebAssembly.Module): Engine;
