// Runs in the worker, behind engine.mjs. The same content security policy holds here as on the page.
"use strict";
let verifier;

async function load(text) {
  const packed = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const bytes = await new Response(stream).arrayBuffer();
  verifier = engine(await WebAssembly.compile(bytes));
  return verifier.about();
}

addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) =>
  postMessage({ violation: { effectiveDirective, blockedURI } }));

addEventListener("message", async ({ data: { id, ask, given } }) => {
  try {
    const started = performance.now();
    let told;
    if (ask === "load") told = await load(given);
    else if (ask === "send") told = await fetch(given, { mode: "no-cors" }).then(() => "sent", () => "stopped");
    else told = verifier[ask](given);
    postMessage({ id, told, took: performance.now() - started });
  } catch (error) {
    const known = error instanceof VeriteeError;
    const { message, code, help } = error;
    postMessage({ id, error: { message, code: known ? code : "internal", help, broken: !known } });
  }
});
