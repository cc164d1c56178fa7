// Compiled, never run: what the types allow, and what they refuse.
import { load, VeriteeError, type QuoteVerdict, type Report } from "veritee";

const veritee = await load();
const report: Report = veritee.verify(new Uint8Array(), { asOf: new Date(), policy: "", nonce: new Uint8Array(32), forms: ["html"] });
const html: string | undefined = report.html;
const verdict: QuoteVerdict = veritee.verifyQuote({ name: "quote.bin", bytes: new Uint8Array() }, { asOf: 0, collateral: ["", new ArrayBuffer(1)] });
const status: string | null = verdict.tcbStatus;
const code: string = new VeriteeError().code;
const hash: string = veritee.composeHash("{}");
export { html, status, code, hash };

// @ts-expect-error there is no default time
veritee.verify("", {});
// @ts-expect-error nor is one left out
veritee.verify("");
// @ts-expect-error text has no one meaning as a time
veritee.verify("", { asOf: "2026-03-15" });
// @ts-expect-error a nonce is bytes
veritee.verify("", { asOf: 0, nonce: "00" });
// @ts-expect-error a misspelt option
veritee.verify("", { asOf: 0, colateral: "" });
// @ts-expect-error a form that there is not
veritee.verify("", { asOf: 0, forms: ["pdf"] });
// @ts-expect-error a quote alone is asked for no nonce
veritee.verifyQuote("", { asOf: 0, nonce: new Uint8Array(16) });
